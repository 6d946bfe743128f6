import type { SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import { type Rig, rigNamed, rigOf, rigs } from "#services/ledger/rigs.ts";
import type { JudgedWork } from "#services/ledger/salvage-state.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { findBead } from "../find-bead.ts";
import { readSalvage } from "./read-salvage.ts";
import { showSalvage } from "./salvage-message.ts";
import type { SalvagePorts } from "./salvage-ports.ts";

type ListSalvage = MethodImpl<typeof SalvageService.method.listSalvage>;

/** What attempts left, the oldest first; a remote that does not answer is told, not waited for. */
export function listSalvage(ports: SalvagePorts): ListSalvage {
  const { world } = ports.ledger;
  return async ({ rig, bead, all }, { signal }) => {
    const wanted = bead === "" ? undefined : findBead(world, bead, "bead");
    const isWanted = ({ work, state }: JudgedWork) =>
      (all || state.kind === "left" || state.kind === "released") &&
      (wanted === undefined || world.bead(work.bead)?.uid === wanted.uid);
    const problems: string[] = [];
    const lists = await Promise.all(
      rigsAsked(world, rig, wanted).map(async (each) => {
        try {
          const { place, judged } = await readSalvage(ports, each, signal);
          const shown = [];
          for (const one of judged.filter(isWanted))
            shown.push(await showSalvage(one, place, world));
          return shown;
        } catch (error) {
          if (!(error instanceof TownError) || signal.aborted) throw error;
          problems.push(`${each.name}: ${error.message}`);
          return [];
        }
      }),
    );
    return { salvage: lists.flat(), problems: problems.sort() };
  };
}

function rigsAsked(world: World, rig: string, bead: { readonly id: string } | undefined): Rig[] {
  if (rig !== "") {
    const named = rigNamed(world, rig);
    if (named) return [named.rig];
    throw new TownError("not_found", `no rig ${rig}`, { resource: { type: "rig", name: rig } });
  }
  if (bead === undefined) return rigs(world).map((each) => each.rig);
  const own = rigOf(bead, world);
  return own ? [own.rig] : [];
}
