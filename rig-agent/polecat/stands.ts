import type { Bead } from "#services/ledger/bead.ts";
import { isHeld } from "#services/ledger/bead.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";

/** Whether a bead is held on this machine by the claim that an epoch belongs to. */
export function standsAs(work: Bead, machine: string, epoch: string): boolean {
  const { claim } = work;
  return isHeld(work) && claim?.machine === machine && claim.epoch === claimEpoch(epoch);
}
