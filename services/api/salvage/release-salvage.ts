import { SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { releasedField } from "#services/ledger/salvage.ts";
import { judgeSalvage } from "#services/ledger/salvage-state.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { refusedState } from "../find-bead.ts";
import { mutate } from "../mutate.ts";
import { findSalvage } from "./read-salvage.ts";
import { salvageName, showSalvage } from "./salvage-message.ts";
import type { SalvagePorts } from "./salvage-ports.ts";

const isPolecat = (principal: string) => /^rigs\/[^/]+\/polecats\//.test(principal);

type ReleaseSalvage = MethodImpl<typeof SalvageService.method.releaseSalvage>;

/** Let go of what an attempt left. It stays until it is collected, so a restore takes this back. */
export function releaseSalvage(ports: SalvagePorts): ReleaseSalvage {
  const { ledger, nowMs } = ports;
  const { world } = ledger;
  return async (request, context) => {
    const method = SalvageService.method.releaseSalvage;
    if (isPolecat(context.principal)) {
      throw new TownError("denied", "a polecat lets go of nobody's work: mail the overseer");
    }
    const { bead, found, place } = await findSalvage(ports, request.name, context.signal);
    const { work } = found;
    await mutate(ledger, method, request, context, ({ principal }) => {
      const now = world.bead(bead.uid) ?? bead;
      const kind = judgeSalvage([work], world)[0]?.state.kind;
      if (kind === "held") {
        const name = salvageName(now.id, work.epoch);
        throw refusedState(now.id, `${name} is held: its attempt stands, or the next one needs it`);
      }
      if (kind === "released") return { bead: now.uid, drafts: [] };
      const commits = work.refs.map(({ commit }) => commit);
      const release = { released_by: principal, at: new Date(nowMs()).toISOString(), commits };
      return {
        bead: now.uid,
        drafts: [setFields(now.uid, { [releasedField(work.epoch)]: release })],
      };
    });
    const judged = judgeSalvage([work], world)[0] ?? found;
    return { salvage: await showSalvage(judged, place, world) };
  };
}
