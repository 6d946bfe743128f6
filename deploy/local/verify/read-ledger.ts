import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import type { FetchedLines } from "#services/ledger/event-blobs.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { openLedgerGit } from "#services/ledger/ledger-git.ts";
import type { World } from "#services/ledger/world.ts";

/** A ledger as its events alone make it, with nobody writing to it. */
export type LedgerReading = {
  readonly world: World;
  /** Every event, each writer's in its order. */
  readonly events: readonly LedgerEvent[];
  /** Lines that could not be folded, and events that are missing; a sentence each. */
  readonly faults: readonly string[];
};

/** Fold lines of events, from wherever they came and however often. */
export async function foldLines(sources: readonly FetchedLines[]): Promise<LedgerReading> {
  const ledger = await openLedger({
    dir: "/reading",
    machine: "reader",
    disk: new MemoryDisk(),
    nowMs: Date.now,
  });
  const events: LedgerEvent[] = [];
  ledger.onChange(({ event }) => void events.push(event));
  for (const { lines, source } of sources) ledger.receive(lines, source);
  const gaps = ledger.gaps().map((writer) => `events of ${writer} are missing`);
  const alarms = ledger.alarms().map(({ kind, detail }) => `${kind}: ${detail}`);
  await ledger.close();
  return { world: ledger.world, events, faults: [...alarms, ...gaps] };
}

/** All branches of a ledger remote, in a clone that goes again; or in one that stays, if given. */
export async function ledgerLines(
  remote: string,
  signal: AbortSignal,
): Promise<readonly FetchedLines[]> {
  const dir = await mkdtemp(join(tmpdir(), "gt-ledger-"));
  try {
    const clone = join(dir, "ledger.git");
    const git = openLedgerGit({ dir: clone, remote, branch: "main", machine: "reader" });
    return (await git.fetch(signal)).lines;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** What a process wrote down durably itself: its journal, every incarnation of it. */
export async function journalLines(dir: string): Promise<readonly FetchedLines[]> {
  const found: FetchedLines[] = [];
  for (const incarnation of await nodeDisk.listDirs(dir)) {
    for (const name of await nodeDisk.list(join(dir, incarnation))) {
      const source = join(dir, incarnation, name);
      const text = await readFile(source, "utf8");
      // A line without its end was never acknowledged.
      found.push({ source, lines: text.slice(0, text.lastIndexOf("\n") + 1).split("\n") });
    }
  }
  return found;
}
