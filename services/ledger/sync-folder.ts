import { existsSync } from "node:fs";
import { readRef, trackingRef } from "#services/git/fetch-remote.ts";
import { withoutSecrets } from "#services/git/git-failure.ts";
import { type ObjectReader, withReader } from "#services/git/object-reader.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { noteSynced } from "./folder-settings.ts";
import type { Alarm, Ledger } from "./ledger.ts";
import { openLedgerGit } from "./ledger-git.ts";
import { moveAside } from "./mend-clone.ts";
import { noteTips, readTips } from "./noted-tips.ts";
import type { LedgerFolder, LedgerPlace } from "./open-folder.ts";
import { alteredAlarm, type Held, heldAt, newSegments } from "./outgoing.ts";

/** What one sync of a folder came to. */
export type FolderSynced = {
  /** Without a password that it may carry. */
  readonly remote: string;
  /** How many events came, by the incarnation that wrote them. */
  readonly received: Readonly<Record<string, number>>;
  /** How many of our own events the remote has now and had not before. */
  readonly pushed: number;
  /** How many of our own events still wait for the remote. */
  readonly waiting: number;
  /** Incarnations of which earlier events are missing. */
  readonly gaps: readonly string[];
  readonly alarms: readonly Alarm[];
  /** What was wrong with the clone, and what became of it. */
  readonly mended?: string;
  /** Why the remote has not everything of ours, or we of it. */
  readonly failure?: TownError;
};

/** How the remote is asked. */
export type SyncFolderOptions = { readonly signal: AbortSignal; readonly timeoutMs?: number };

/**
 * Look at a folder's remote once, fold what is new there, and push what is new here. A remote that
 * is away costs nothing: what waits here is pushed the next time.
 *
 * Fails with `state` where the folder knows no remote.
 */
export async function syncFolder(
  folder: LedgerFolder,
  options: SyncFolderOptions,
): Promise<FolderSynced> {
  const { place, ledger, clone } = folder;
  const { dir, remote, machine } = place;
  if (remote === "") {
    const remedy = `name it: gt ledger init --dir ${dir} --remote <git URL or path>`;
    throw new TownError("state", `${dir} has no remote to sync with: ${remedy}`);
  }
  const branch = branchOf(place, ledger);
  const shared = { dir: clone, remote, branch, machine };
  const git = openLedgerGit({ ...shared, isKeeper: true, ...limits(options) });
  const { received, stop } = countArrivals(ledger);
  const mended = await mend(folder);
  const failure = await attempt(async () => {
    const { lines, rewound } = await git.fetch(options.signal);
    for (const { lines: some, source } of lines) ledger.receive(some, source);
    for (const { branch: name, from } of rewound) {
      const detail = `${name} lacks what it had at ${from.slice(0, 12)}`;
      ledger.alarm({ kind: "rewound-remote", detail });
    }
    await noteSynced(dir);
  });
  stop();
  const before = await countWaiting(folder, branch);
  const message = `Events of ${machine}`;
  const refused =
    failure ??
    (await attempt(async () => {
      const own = { segments: ledger.segments, bytes: ledger.segmentBytes };
      const altered = (segment: string) => ledger.alarm(alteredAlarm(segment));
      const outgoing = { ...own, altered, message };
      await git.push(outgoing, options.signal);
      await notePush(clone, options.signal);
    }));
  const waiting = refused ? before : 0;
  return {
    remote: withoutSecrets(remote),
    received: Object.fromEntries([...received].sort()),
    pushed: before - waiting,
    waiting,
    gaps: ledger.gaps(),
    alarms: ledger.alarms(),
    ...(mended !== undefined && { mended }),
    ...(refused && { failure: refused }),
  };
}

async function mend({ clone, place, broken }: LedgerFolder): Promise<string | undefined> {
  if (broken === undefined) return undefined;
  await noteSynced(place.dir); // Should the remote be away now, that stays known.
  if (!existsSync(clone)) return `${clone} was gone, and is cloned anew`;
  return moveAside(clone, broken);
}

/** A remote that later lacks what was just pushed is then noticed by the next process. */
async function notePush(clone: string, signal: AbortSignal): Promise<void> {
  await noteTips(clone, { ...(await readTips(clone, signal)), rewound: [] });
}

function limits({ timeoutMs }: SyncFolderOptions) {
  return timeoutMs === undefined ? {} : { timeoutMs };
}

/**
 * A machine's own branch. The town's is `main`, which moves under its term alone: what is written
 * by hand goes beside it, and to `main` with the town's next start.
 */
function branchOf({ kind, machine }: LedgerPlace, { writer }: Ledger): string {
  if (kind !== "town") return `machines/${machine}`;
  return `towns/${writer.slice(writer.indexOf(".") + 1)}`;
}

function countArrivals(ledger: Ledger) {
  const received = new Map<string, number>();
  const stop = ledger.onChange(({ event: { writer } }) => {
    received.set(writer, (received.get(writer) ?? 0) + 1);
  });
  return { received, stop };
}

/** What a look or a push failed with, where that is to be told and not to end the call. */
export async function attempt(work: () => Promise<void>): Promise<TownError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!isTownError(error) || error.reason === "cancelled") throw error;
    return error;
  }
}

/** How many of our own durable events the branch had not when it was last looked at. */
async function countWaiting(
  { place, ledger, clone }: LedgerFolder,
  branch: string,
): Promise<number> {
  const { machine, kind } = place;
  const outgoing = { segments: ledger.segments, bytes: ledger.segmentBytes };
  let held: Held = new Map();
  if (existsSync(clone)) {
    // What is on `main` is not pushed beside it again.
    for (const each of kind === "town" ? ["main", branch] : [branch]) {
      const tip = await readRef(clone, trackingRef(`refs/heads/${each}`));
      held = new Map([...held, ...(await heldAt(clone, tip, machine))]);
    }
  }
  let waiting = 0;
  const count = async (reader: ObjectReader) => {
    for (let isFull = true; isFull; ) {
      const load = await newSegments(outgoing, machine, held, reader);
      for (const file of load.files) {
        if ("bytes" in file) waiting += linesAfter(file.bytes, held.get(file.path)?.bytes ?? 0);
      }
      held = load.held;
      isFull = load.isFull;
    }
  };
  await withReader(clone, {}, count);
  return waiting;
}

function linesAfter(bytes: Uint8Array, from: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(lineEnd, from); at >= 0; at = bytes.indexOf(lineEnd, at + 1))
    lines += 1;
  return lines;
}

const lineEnd = 0x0a;
