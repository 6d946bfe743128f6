import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { inTurn } from "#services/git/in-turn.ts";
import { runGit } from "#services/git/run-git.ts";
import type { Ledger } from "./ledger.ts";
import { type MovedDown, moveDown } from "./move-down.ts";
import type { TierAges } from "./tiering.ts";

/** What a ledger takes on the disk. */
export type LedgerBytes = {
  /** The own events as they were written. */
  readonly journal: number;
  /** What a restart loads: all that was folded, of every tier. */
  readonly checkpoint: number;
  /** The clone of the ledger's repository; 0 where there is none. */
  readonly clone: number;
};

/** What compacting came to. */
export type Compacted = {
  readonly moved: MovedDown;
  /** How many beads are in the active tier now. */
  readonly active: number;
  /** How many there are in all tiers. */
  readonly beads: number;
  readonly before: LedgerBytes;
  readonly after: LedgerBytes;
};

/** What is compacted, by whom, and by what limits. */
export type CompactOptions = {
  readonly ledger: Ledger;
  /** Has `journal/`, and `ledger.git` where the ledger has a remote. */
  readonly home: string;
  readonly ages: TierAges;
  readonly actor: string;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
};

const packTimeoutMs = 600_000;

/**
 * Move down what ended long ago, take a checkpoint, pack the clone. Nothing is lost by it, done
 * twice it is done once, and whoever reads or writes the ledger meanwhile is not disturbed.
 */
export async function compactLedger(options: CompactOptions): Promise<Compacted> {
  const { ledger, home, ages, actor, nowMs, signal } = options;
  const before = await bytesOf(home);
  const moved = await moveDown(ledger, { ...ages, nowMs: nowMs(), actor, signal });
  await ledger.checkpoint();
  await packClone(join(home, "ledger.git"), signal);
  let active = 0;
  for (const _ of ledger.world.all()) active += 1;
  return { moved, active, beads: ledger.world.size(), before, after: await bytesOf(home) };
}

/**
 * Loose objects and small packs into larger ones. None is dropped, reachable or not: a commit may
 * just have been made and stand in no branch yet. Git's readers and writers look again where a pack
 * has gone meanwhile.
 */
async function packClone(clone: string, signal: AbortSignal): Promise<void> {
  if ((await pathBytes(clone)) === 0) return;
  const args = ["repack", "-d", "-l", "-q", "--geometric=2"];
  const run = { cwd: clone, signal, timeoutMs: packTimeoutMs };
  await inTurn(`${clone} pack`, () => runGit(args, run));
}

async function bytesOf(home: string): Promise<LedgerBytes> {
  const names = await readdir(home).catch(orGone([]));
  let checkpoint = 0;
  for (const name of names.filter((each) => database.test(each))) {
    checkpoint += await pathBytes(join(home, name));
  }
  const [journal, clone] = [join(home, "journal"), join(home, "ledger.git")];
  return { journal: await pathBytes(journal), checkpoint, clone: await pathBytes(clone) };
}

/** The checkpoint's, with what it writes beside itself. */
const database = /\.(db|sqlite3?)(-wal|-shm|-journal)?$/;

/** What a file takes, or all in a folder; 0 where there is none. */
async function pathBytes(path: string): Promise<number> {
  const found = await stat(path).catch(orGone(undefined));
  if (!found?.isDirectory()) return found?.size ?? 0;
  let bytes = 0;
  for (const name of await readdir(path).catch(orGone([]))) {
    bytes += await pathBytes(join(path, name));
  }
  return bytes;
}

/** Git and the journal go on meanwhile: a file that was listed may be gone. */
function orGone<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return instead;
    throw error;
  };
}
