import { type SyncLedgerResponse, TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { openFolder } from "#services/ledger/open-folder.ts";
import { type FolderSynced, syncFolder } from "#services/ledger/sync-folder.ts";
import { exitCodes } from "../failure.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";
import { damageRemedy } from "./damage.ts";
import { type FolderOption, folderToChange, takeFolder } from "./folder.ts";

/** Declare `gt ledger sync`. */
export const declare: Declare = (command, act) => {
  takeFolder(command)
    .addHelpText("after", about)
    .addHelpText("after", example("gt ledger sync --dir notes", "gt ledger sync"))
    .action(act(sync));
};

const about = `
Brings what others wrote, and pushes to machines/<name> what was written here. What was brought
stays in ledger.git beside the journal. Ends with 1 where some of the ledger is missing or
damaged, and with 3 where the remote does not answer: nothing is
lost then, and the next sync does the rest. A running process syncs by itself; without --dir it is
asked to do so now.`;

const syncTimeoutMs = 120_000;

async function sync(gt: Session, options: FolderOption): Promise<void> {
  const dir = await folderToChange(gt, options);
  if (dir === undefined) return syncTown(gt);
  const folder = await openFolder(dir, { nowMs: gt.terminal.nowMs });
  try {
    tell(gt, dir, await syncFolder(folder, { signal: gt.signal }));
  } finally {
    await folder.close();
  }
}

function tell(gt: Session, dir: string, synced: FolderSynced): void {
  const { remote, received, pushed, waiting, gaps, alarms, mended, failure } = synced;
  const isAnswered = failure === undefined || !away.has(failure.reason);
  const counts = Object.entries(received).map(([writer, events]) => ({ writer, events }));
  const lines = [
    ...(mended === undefined ? [] : [oneLine(mended)]),
    failure === undefined
      ? `${remote} answered`
      : `${remote} ${isAnswered ? "refused" : "does not answer"}: ${oneLine(failure.message)}`,
    ...receivedLines(counts),
    `pushed ${pushed}${waiting > 0 ? `, ${waiting} wait for the remote` : ""}`,
    ...troubles(
      gaps,
      alarms.map(({ kind, detail }) => `${kind}: ${detail}`),
    ),
  ];
  const remedy = damageRemedy([...alarms, ...gaps.map(() => ({ kind: "gap" as const }))], dir);
  if (remedy !== undefined) lines.push(remedy);
  const told = failure && { failure: { reason: failure.reason, message: failure.message } };
  const rest = {
    answered: isAnswered,
    received: counts,
    pushed,
    waiting,
    gaps,
    alarms,
    mended,
    ...told,
  };
  gt.printValue({ dir, remote, ...rest }, lines.join("\n"));
  if (remedy !== undefined) gt.leaveWith(exitCodes.refused);
  if (failure) gt.leaveWith(isAnswered ? exitCodes.refused : exitCodes.unreachable);
}

/** What a git says of a remote that is not there, or not there any more. */
const away = new Set(["unavailable", "timeout", "not_found"]);

function receivedLines(counts: readonly { readonly writer: string; readonly events: number }[]) {
  const sum = counts.reduce((total, { events }) => total + events, 0);
  return [`received ${sum}`, ...counts.map(({ writer, events }) => `  ${writer}  ${events}`)];
}

function troubles(gaps: readonly string[], alarms: readonly string[]): string[] {
  const missing = gaps.map((writer) => `gap: earlier events of ${writer} are missing here`);
  return [...missing, ...alarms.map((alarm) => `alarm: ${oneLine(alarm)}`)];
}

async function syncTown(gt: Session): Promise<void> {
  const options = { timeoutMs: syncTimeoutMs };
  let answered = true;
  const text = (response: SyncLedgerResponse) => {
    const { endpoint, received, gaps, alarms } = response;
    const counts = received.map(({ writer, events }) => ({ writer, events }));
    const lines = answered
      ? [`${endpoint}: the remote answered; all that was written here is there`]
      : [`${endpoint}: the remote did not do it: ${oneLine(response.failure)}`];
    const remedy = damageRemedy(gaps.map(() => ({ kind: "gap" as const }))) ?? [];
    return [...lines, ...receivedLines(counts), ...troubles(gaps, alarms), remedy]
      .flat()
      .join("\n");
  };
  const response = await gt.call(TownService.method.syncLedger, {}, options);
  answered = response.failure === "";
  await gt.print(TownService.method.syncLedger.output, response, text);
  if (response.gaps.length > 0) gt.leaveWith(exitCodes.refused);
  if (!answered) gt.leaveWith(response.isAway ? exitCodes.unreachable : exitCodes.refused);
}
