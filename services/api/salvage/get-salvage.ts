import type { SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import { readPatch } from "#services/git/salvage.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { findSalvage } from "./read-salvage.ts";
import { showSalvage } from "./salvage-message.ts";
import type { SalvagePorts } from "./salvage-ports.ts";

type GetSalvage = MethodImpl<typeof SalvageService.method.getSalvage>;

/** What one attempt left, with what it changes. */
export function getSalvage(ports: SalvagePorts): GetSalvage {
  return async ({ name }, { signal }) => {
    const { found, place } = await findSalvage(ports, name, signal);
    const { commit } = found.work.refs[0];
    const patch = await readPatch(place.repoDir, commit, place.rig.target, { signal });
    return { salvage: await showSalvage(found, place, ports.ledger.world), ...patch };
  };
}
