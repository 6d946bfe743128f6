import { readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { decodeEvent, type LedgerEvent } from "#services/ledger/event.ts";

const pollMs = 40;

/** Every event that processes of a home wrote down durably, as they do so, whoever else hears. */
export type JournalTail = {
  readonly events: () => readonly LedgerEvent[];
  /** Read what is there now. */
  readonly look: () => Promise<void>;
  /** The first event, seen already or yet to come, that is like this. */
  readonly until: (
    what: string,
    isIt: (event: LedgerEvent) => boolean,
    limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ) => Promise<LedgerEvent>;
};

/**
 * Follow the journals in these folders. They are polled, since nothing that may be dead, cut off or
 * stopped is asked for them.
 */
export function tailJournals(folders: () => readonly string[]): JournalTail {
  const events: LedgerEvent[] = [];
  const seen = new Set<string>();
  const readTo = new Map<string, number>();
  let looking: Promise<void> | undefined;
  const readMore = async (path: string) => {
    const from = readTo.get(path) ?? 0;
    const text = await readFrom(path, from);
    const end = text.lastIndexOf("\n") + 1; // A line without its end was never acknowledged.
    readTo.set(path, from + Buffer.byteLength(text.slice(0, end)));
    for (const line of text.slice(0, end).split("\n")) {
      if (line === "") continue;
      const event = decodeEvent(line);
      if (seen.has(event.hash)) continue; // A copy of a home holds the same events.
      seen.add(event.hash);
      events.push(event);
    }
  };
  const lookOnce = async () => {
    for (const path of folders().flatMap(segmentsIn)) await readMore(path);
  };
  const look = () => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  return {
    events: () => events,
    look,
    until: async (what, isIt, { signal, timeoutMs }) => {
      const deadlineMs = performance.now() + timeoutMs;
      for (let from = 0; ; ) {
        const found = events.slice(from).find(isIt);
        if (found) return found;
        from = events.length;
        if (performance.now() > deadlineMs) {
          throw new Error(`not seen in ${timeoutMs / 1_000} s: ${what}`);
        }
        await wait(pollMs, undefined, { signal });
        await look();
      }
    },
  };
}

async function readFrom(path: string, position: number): Promise<string> {
  const file = await open(path, "r").catch(absent);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    if (size <= position) return "";
    const bytes = Buffer.alloc(size - position);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, position);
    return bytes.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function segmentsIn(folder: string): string[] {
  return list(folder).flatMap((incarnation) =>
    list(join(folder, incarnation))
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => join(folder, incarnation, name)),
  );
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}
