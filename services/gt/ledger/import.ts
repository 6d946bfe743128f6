import { type LineReport, planImport, writePlan } from "#services/ledger/import-lines.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { type LedgerFolder, openFolder } from "#services/ledger/open-folder.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { exitCodes } from "../failure.ts";
import { importIntoTown, readLines } from "../import.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { type Declare, example } from "../verb.ts";
import { damageRemedy } from "./damage.ts";
import { type FolderOption, folderToChange, takeFolder } from "./folder.ts";

/** Declare `gt ledger import`. */
export const declare: Declare = (command, act) => {
  takeFolder(command)
    .argument("<file>", "Beads JSONL of any age, a bead a line; - reads standard input")
    .addHelpText("after", about)
    .addHelpText(
      "after",
      example(
        "gt ledger import --dir notes issues.jsonl",
        "gt ledger export --dir old | gt ledger import --dir new -",
      ),
    )
    .action(act(importFile));
};

const about = `
A row is compared with the bead of its id by updated_at: a newer one changes it, an older one does
not and is told of. Importing twice is importing once. On a folder every line that can be read is
filed, whatever its prefix; in a town all of a file is, or nothing. Ends with 1 if a line was
refused, or where some of the ledger is missing or damaged.`;

/** Whoever runs `gt` on a folder of their own. */
const actor = "overseer";

async function importFile(gt: Session, file: string, options: FolderOption): Promise<void> {
  const dir = await folderToChange(gt, options);
  if (dir === undefined) return importIntoTown(gt, file);
  const lines = await readLines(gt, file);
  const folder = await openFolder(dir, { nowMs: gt.terminal.nowMs });
  try {
    const reports = await importLines(gt, folder, lines);
    tell(gt, folder, reports);
  } finally {
    await folder.close();
  }
}

async function importLines(
  gt: Session,
  { ledger }: LedgerFolder,
  lines: readonly string[],
): Promise<readonly LineReport[]> {
  const plan = planImport(ledger.world, lines);
  const draftsTotal = plan.batches.reduce((sum, { length }) => sum + length, 0);
  const progress = await showProgress(gt, draftsTotal);
  const append: Ledger["append"] = async (by, drafts) => {
    // Each by itself, so that they share writes and still fill segments of the usual size.
    const events = await Promise.all(drafts.map((draft) => ledger.append(by, [draft])));
    progress.add(drafts.length);
    return events.flat();
  };
  try {
    await writePlan({ append }, actor, plan, gt.signal);
  } catch (error) {
    if (!gt.signal.aborted) throw error;
    const stopped = "stopped; what was written stays, and the same call does the rest";
    throw new TownError("cancelled", stopped, { cause: error });
  } finally {
    progress.done();
  }
  return plan.reports;
}

/** For people, and only where there is something to wait for. */
async function showProgress({ terminal, json }: Session, total: number) {
  if (!terminal.isTty || json || total < progressMin) return { add: () => {}, done: () => {} };
  const { show, done } = await terminal.redraw();
  let written = 0;
  return {
    add: (count: number) => {
      written += count;
      show(`${Math.floor((written / total) * 100)} % of ${total} events written`);
    },
    done,
  };
}

const progressMin = 2_000;
const outcomes = ["created", "changed", "unchanged", "older", "skipped", "refused"] as const;

function tell(gt: Session, folder: LedgerFolder, reports: readonly LineReport[]): void {
  const { place, ledger, clone, broken } = folder;
  const counts = Object.fromEntries(
    outcomes.map((name) => [name, reports.filter(({ outcome }) => outcome === name).length]),
  );
  const told = outcomes.filter((name) => counts[name]).map((name) => `${counts[name]} ${name}`);
  const odd = reports.filter(({ outcome, why }) => why !== undefined || !kept.has(outcome));
  const rows = odd.map(({ line, outcome, id = "", why = "" }) => {
    return [String(line), outcome, oneLine(id), oneLine(why)];
  });
  const columns = [{ head: "LINE", align: "right" }, { head: "" }, { head: "ID" }, { head: "WHY" }];
  const text = [`${told.join(", ") || "no beads in it"} (${place.dir})`];
  if (rows.length > 0) {
    text.push(table(columns as Parameters<typeof table>[0], rows, Number.POSITIVE_INFINITY));
  }
  if (broken !== undefined) {
    const what = `${clone} cannot be read (${oneLine(broken)}): what others wrote is not here`;
    gt.terminal.writeError(`gt: ${what}; gt ledger sync --dir ${place.dir} brings it\n`);
  }
  const alarms = ledger.alarms();
  for (const { kind, detail } of alarms)
    gt.terminal.writeError(`gt: ${kind}: ${oneLine(detail)}\n`);
  gt.printValue({ dir: place.dir, ...counts, lines: reports, alarms }, text.join("\n"));
  const remedy = damageRemedy(alarms, place.dir);
  if (remedy !== undefined) gt.terminal.writeError(`gt: ${remedy}\n`);
  if (counts["refused"] || broken !== undefined || remedy !== undefined)
    gt.leaveWith(exitCodes.refused);
}

const kept = new Set<LineReport["outcome"]>(["created", "changed", "unchanged"]);
