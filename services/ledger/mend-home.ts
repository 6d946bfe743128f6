import { join } from "node:path";
import type { Alarm } from "./ledger.ts";
import { mendClone } from "./mend-clone.ts";
import { type JournalHome, restoreFromClone } from "./restore-from-clone.ts";

/**
 * At the start of the process whose home it is, before its journal is opened: move a broken clone
 * aside, so that the first look makes it anew, and write back what was removed of the journal.
 *
 * @returns what is to be raised once the ledger is open
 */
export async function mendHome(place: JournalHome): Promise<Alarm[]> {
  const mended = await mendClone(join(place.home, "ledger.git"));
  const restored = await restoreFromClone(place);
  return [
    ...(mended === undefined ? [] : [{ kind: "damaged-clone" as const, detail: mended }]),
    ...(restored === undefined ? [] : [{ kind: "restored" as const, detail: restored }]),
  ];
}
