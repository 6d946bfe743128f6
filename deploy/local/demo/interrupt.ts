import { join } from "node:path";
import type { WatchEventsResponse } from "#proto/gastown/v1/event_service_pb.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import { machineHome } from "../process/plan.ts";
import { foldLines, journalLines } from "../verify/read-ledger.ts";
import type { Fleet } from "./fleet.ts";
import { type Interrupted, interruptedOf } from "./kill-account.ts";

/** What was found on the disk of a machine that was killed. */
export type Killing = {
  readonly machine: string;
  readonly interrupted: readonly Interrupted[];
  /** Everything it had durably written. */
  readonly before: readonly LedgerEvent[];
};

/** After these the worker is in the middle of its work, with a second and more still to go. */
const midSteps = /\.mol\.(?:branch-setup|implement)$/;

/** Whether an event says that a worker of this machine is now in the middle of its work. Pure. */
export function isMidStep(event: WatchEventsResponse, machine: string): boolean {
  return (
    event.kind === "closed" && event.machine === machine && midSteps.test(event.bead?.id ?? "")
  );
}

/** Kill a machine, look what it was at, and start it again. */
export async function interrupt(home: string, machine: string, fleet: Fleet): Promise<Killing> {
  const victims = (await fleet.kill?.(machine)) ?? [];
  const { events } = await foldLines(
    await journalLines(join(machineHome(home, machine), "journal")),
  );
  await fleet.restart?.(machine);
  return { machine, interrupted: interruptedOf(victims, events), before: events };
}

/** That a machine is up again and where its work goes on, for people. Pure. */
export function backLine({ machine, interrupted }: Killing): string {
  const goesOn = interrupted.map(({ beadId, at }) => `${beadId} goes on at ${at}`);
  return `${machine} is back: ${goesOn.join(", ") || "nothing was interrupted"}.`;
}
