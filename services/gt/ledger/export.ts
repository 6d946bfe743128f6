import { exportLines } from "#services/ledger/export.ts";
import { replay } from "#services/ledger/replay.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";
import { eventsOf, type FolderOption, takeFolder } from "./folder.ts";

/** Declare `gt ledger export`. */
export const declare: Declare = (command, act) => {
  takeFolder(command)
    .addHelpText("after", example("gt ledger export --dir ~/.gastown/town > issues.jsonl"))
    .action(act(exportAll));
};

/** A bead a line in any case: that is what JSON is here, and the lines stay as they are. */
async function exportAll(gt: Session, options: FolderOption): Promise<void> {
  const world = replay((await eventsOf(gt, options)).events);
  for (const line of exportLines(world)) gt.terminal.write(`${line}\n`);
}
