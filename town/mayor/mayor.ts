import { setFields } from "#services/ledger/drafts.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { placementField } from "#services/ledger/work-fields.ts";
import { gather, type Scope } from "#services/scheduler/gather.ts";
import { type Plan, plan } from "#services/scheduler/plan.ts";

/** What the dispatcher needs. */
export type MayorPorts = {
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  /** Whether a machine was heard of lately; see the fleet's registry. */
  readonly isHeard: (machine: string) => boolean;
  /** Why a machine may be given nothing though it is ready. */
  readonly trouble?: Scope["trouble"];
  /** Told of each plan, so that `gt explain` can say why a bead waits. */
  readonly planned: (made: Plan) => void;
};

/**
 * Place what is ready: each placement is an event, which the rig's authority turns into a claim.
 */
export async function dispatch(ports: MayorPorts): Promise<void> {
  const { ledger, nowMs, isHeard, trouble, planned } = ports;
  const { world } = ledger;
  const scope: Scope = { rig: () => true, isHeard, ...(trouble && { trouble }) };
  const { candidates, seats, limits } = gather(world, scope, nowMs());
  const made = plan(candidates, seats, limits);
  planned(made);
  const proposals = made.placed.map(({ uid, machine, reasons }) => {
    const claim = world.bead(uid)?.claim?.epoch ?? "";
    const placement = { machine, reasons: [...reasons], claim };
    return setFields(uid, { [placementField.name]: placement });
  });
  await ledger.append("mayor", proposals);
}
