import { type CompactLedgerResponse, TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { type Compacted, compactLedger } from "#services/ledger/compact.ts";
import { openFolder } from "#services/ledger/open-folder.ts";
import { tierAges } from "#services/ledger/tiering.ts";
import { days } from "../options.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { type Declare, example } from "../verb.ts";
import { type FolderOption, folderToChange, takeFolder } from "./folder.ts";

type Options = FolderOption & { readonly recentDays: number; readonly archiveDays: number };

const { recentDays, archiveDays } = tierAges;
const help = `
What ended goes down after days in which nothing happened to it: out of memory into the tier
\`recent\`, then compressed into \`archive\`. All of it is found still (gt list --tier archive, gt
search --all, gt show), and comes up again when anything happens to it. What an open bead has need
of stays. The Deacon does the same once an hour.`;

/** Declare `gt ledger compact`. */
export const declare: Declare = (command, act) => {
  takeFolder(command)
    .option("--recent-days <days>", "days until it goes down", days, recentDays)
    .option("--archive-days <days>", "days until it is archived", days, archiveDays)
    .addHelpText(
      "after",
      `${help}\n${example("gt ledger compact", "gt ledger compact --dir notes")}`,
    )
    .action(act(compact));
};

/** Whoever runs `gt` on a folder of their own. */
const actor = "overseer";
const timeoutMs = 600_000;

async function compact(gt: Session, options: Options): Promise<void> {
  const { recentDays, archiveDays } = options;
  if (archiveDays < recentDays) {
    const what = `--archive-days ${archiveDays} is below --recent-days ${recentDays}`;
    throw new UsageError(`${what}: nothing is archived before it is recent; give both`);
  }
  const ages = { recentDays, archiveDays };
  const dir = await folderToChange(gt, options);
  if (dir === undefined) return compactTown(gt, ages);
  const { nowMs } = gt.terminal;
  const folder = await openFolder(dir, { nowMs, keepsCheckpoint: true });
  try {
    const { ledger, place } = folder;
    const home = place.dir;
    const done = await compactLedger({ ledger, home, ages, actor, nowMs, signal: gt.signal });
    gt.printValue({ dir, ...done }, words(dir, done));
  } finally {
    await folder.close();
  }
}

async function compactTown(gt: Session, ages: Omit<Options, "dir">): Promise<void> {
  const request = { requestId: gt.requestId, ...ages };
  const text = (response: CompactLedgerResponse) => words(response.endpoint, doneBy(response));
  await gt.tell(TownService.method.compactLedger, request, text, { timeoutMs });
}

function doneBy(response: CompactLedgerResponse): Compacted {
  const { movedToRecent: recent, movedToArchive: archive, active, beads, before, after } = response;
  const bytes = (of: typeof before) => {
    const { journal = 0, checkpoint = 0, clone = 0 } = of ?? {};
    return { journal: Number(journal), checkpoint: Number(checkpoint), clone: Number(clone) };
  };
  const moved = { recent, archive };
  return { moved, active, beads, before: bytes(before), after: bytes(after) };
}

function words(where: string, { moved, active, beads, before, after }: Compacted): string {
  const { recent, archive } = moved;
  const parts = (["journal", "checkpoint", "clone"] as const).filter(
    (part) => before[part] + after[part] > 0,
  );
  const isNone = recent + archive === 0;
  return [
    isNone
      ? `${where}: nothing had to move`
      : `${where}: ${recent} to recent, ${archive} to archive`,
    `${beads} beads, ${active} of them active`,
    `on disk: ${parts.map((part) => `${part} ${change(before[part], after[part])}`).join(", ")}`,
  ].join("\n");
}

function change(before: number, after: number): string {
  const [was, is] = [size(before), size(after)];
  return was === is ? `${is} as before` : `${was} → ${is}`;
}

function size(bytes: number): string {
  if (bytes === 0) return "0";
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
