import type { Ledger } from "#services/ledger/ledger.ts";
import { townPrefix } from "#services/ledger/rigs.ts";
import { burnWithMachines } from "#services/ledger/wisp-reservation.ts";
import { closingsOfEpics } from "#services/scheduler/epics.ts";
import { appointments } from "../fleet/appoint.ts";

/** What the Deacon's patrol needs. */
export type DeaconPorts = {
  readonly ledger: Ledger;
  readonly isHeard: (machine: string) => boolean;
};

/**
 * One patrol: appoint missing authorities, close the town's epics whose children are done, and what
 * was reserved for wisps of machines that have left.
 */
export async function tend({ ledger, isHeard }: DeaconPorts): Promise<void> {
  await ledger.append("deacon", appointments(ledger.world, isHeard));
  const isTowns = ({ id }: { id: string }) => id.startsWith(`${townPrefix}-`);
  await ledger.append("deacon", closingsOfEpics(ledger.world, isTowns));
  await ledger.append("deacon", burnWithMachines(ledger.world));
}
