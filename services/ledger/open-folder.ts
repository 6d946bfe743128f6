import { existsSync } from "node:fs";
import { rmdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { clearLocks } from "#services/git/clear-locks.ts";
import { runGit } from "#services/git/run-git.ts";
import { ownHome } from "#services/lifecycle/own-home.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import type { Disk } from "./disk.ts";
import { diskError } from "./disk-error.ts";
import { nodeDisk } from "./disk-node.ts";
import { isSynced, readMachineFile, readSettings, readTownFile } from "./folder-settings.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { faultOf } from "./mend-clone.ts";
import { readClone } from "./read-clone.ts";
import { isLedger } from "./read-folder.ts";
import { restoreFromClone } from "./restore-from-clone.ts";
import { checkpointFile } from "./run-checkpoints.ts";
import type { SegmentText } from "./verify.ts";

/** The town's writers are called so in every ledger. */
const townMachine = "town";

/** A folder in which one writer keeps its ledger, and what it is called there. */
export type LedgerPlace = {
  readonly dir: string;
  readonly kind: "folder" | "machine" | "town";
  readonly machine: string;
  readonly prefix?: string | undefined;
  /** Empty: none is known. */
  readonly remote: string;
};

/** What a folder is opened with. */
export type OpenFolderOptions = {
  readonly nowMs: () => number;
  readonly disk?: Disk;
  readonly random?: (length: number) => string;
  /** Keep a checkpoint from now on: what is moved down leaves memory only where there is one. */
  readonly keepsCheckpoint?: boolean;
};

/** A folder's ledger, open for writing; nobody else writes it until it is closed. */
export type LedgerFolder = {
  readonly place: LedgerPlace;
  readonly ledger: Ledger;
  /** The bare clone in which others' events stand, whether it is there yet or not. */
  readonly clone: string;
  /** Why what others wrote is not here, though it was: the clone is broken, or gone. */
  readonly broken?: string;
  readonly close: () => Promise<void>;
};

/**
 * Open a folder's ledger as its one writer: that of `gt ledger init`, or of a machine's or a town's
 * home while their process does not run. What others wrote is there as the last sync left it.
 *
 * Fails with `not_found` where there is none, and with `state` where another process has it or
 * nobody may write there; then nothing has changed.
 */
export async function openFolder(dir: string, options: OpenFolderOptions): Promise<LedgerFolder> {
  const { nowMs, disk = nodeDisk, random } = options;
  const place = await findPlace(dir);
  const release = await own(place);
  try {
    const clone = join(place.dir, "ledger.git");
    const { segments, broken } = await readOthers(place, clone);
    const journal = join(place.dir, "journal");
    const { machine } = place;
    const restored = await restoreFromClone({ disk, home: place.dir, machine });
    const checkpoint = join(place.dir, checkpointFile);
    // Who has none, a small folder mostly, is not given one for looking.
    const store = existsSync(checkpoint) || options.keepsCheckpoint ? checkpoint : undefined;
    const clocked = { dir: journal, machine, disk, nowMs, store };
    const ledger = await openLedger({ ...clocked, ...(random && { random }) });
    if (restored !== undefined) ledger.alarm({ kind: "restored", detail: restored });
    for (const { path, text } of segments) ledger.receive(text.split("\n"), path);
    const isSound = broken === undefined && existsSync(clone);
    const remote = place.remote || (isSound ? await originOf(clone) : "");
    const close = async () => {
      await ledger.close();
      // Who only looked leaves no trace; a folder with events in it stays.
      await rmdir(join(journal, ledger.writer)).catch(() => {});
      await release();
    };
    const opened = { place: { ...place, remote }, ledger, clone, close };
    return broken === undefined ? opened : { ...opened, broken };
  } catch (error) {
    await release();
    throw error;
  }
}

type Others = { readonly segments: readonly SegmentText[]; readonly broken?: string };

async function readOthers({ dir }: LedgerPlace, clone: string): Promise<Others> {
  if (!existsSync(clone)) {
    return { segments: [], ...((await isSynced(dir)) && { broken: "it is gone" }) };
  }
  try {
    const segments = await readClone(clone);
    await clearLocks(clone); // Whoever left them has ended, since the home is ours.
    return { segments };
  } catch (error) {
    return { segments: [], broken: faultOf(error) };
  }
}

/** Whose ledger a folder keeps. Fails with `not_found` where it keeps none that can be written. */
export async function findPlace(dir: string): Promise<LedgerPlace> {
  await refuseFile(dir);
  if (!existsSync(dir)) {
    const remedy = `gt ledger init --dir ${dir} makes it`;
    throw new TownError("not_found", `there is no folder ${dir}: ${remedy}`);
  }
  const settings = await readSettings(dir);
  if (settings) {
    const { machine, prefix, remote = "" } = settings;
    return { dir, kind: "folder", machine, prefix, remote };
  }
  const place = await findHome(dir);
  if (place) return place;
  if (await isLedger(nodeDisk, dir)) {
    const what = `${dir} can be read, but it is no writer's own folder`;
    const remedy = "make one with gt ledger init --dir <folder> --remote <the ledger's remote>";
    throw new TownError("state", `${what}: ${remedy}`);
  }
  const remedy = `make one with gt ledger init --dir ${dir}`;
  throw new TownError("not_found", `no ledger in ${dir}: ${remedy}`);
}

/** A machine's home, or a town's: its own folder, or the one around it. */
export async function findHome(dir: string): Promise<LedgerPlace | undefined> {
  const machine = await readMachineFile(dir);
  if (machine)
    return { dir, kind: "machine", machine: machine.machine, remote: machine.ledgerRemote };
  const around = basename(dir) === townMachine ? await readTownFile(dirname(dir)) : undefined;
  if (around) return { dir, kind: "town", machine: townMachine, remote: around.ledgerRemote };
  const file = await readTownFile(dir);
  const own = join(dir, "town");
  if (file && existsSync(join(own, "journal"))) {
    return { dir: own, kind: "town", machine: townMachine, remote: file.ledgerRemote };
  }
  const writers = await nodeDisk.listDirs(join(dir, "journal"));
  const isTown = writers.length > 0 && writers.every((name) => name.startsWith(`${townMachine}.`));
  if (isTown) return { dir, kind: "town", machine: townMachine, remote: "" };
  const names = await nodeDisk.listDirs(join(dir, "machines"));
  if (names.length > 0) {
    const named = names.map((name) => `--dir ${join(dir, "machines", name)}`).join(", or ");
    throw new TownError("state", `${dir} has a ledger for each of its machines: ${named}`);
  }
  return undefined;
}

/** Fails with `state` where a file is in a folder's place, or in that of one above it. */
export async function refuseFile(dir: string): Promise<void> {
  const isFile = await stat(dir).then(
    (found) => !found.isDirectory(),
    (error: NodeJS.ErrnoException) => error.code === "ENOTDIR",
  );
  if (isFile) throw new TownError("state", `${dir} cannot be a folder: a file is in its place`);
}

async function own({ dir, kind }: LedgerPlace): Promise<() => Promise<void>> {
  try {
    return await ownHome(dir);
  } catch (error) {
    if (kind === "folder" || !isTownError(error, "state")) throw diskError(error, dir);
    const remedy = "or leave out --dir, and the process that runs there does it";
    throw new TownError("state", `${error.message}; ${remedy}`, { cause: error });
  }
}

async function originOf(clone: string): Promise<string> {
  const args = ["config", "--get", "remote.origin.url"];
  return (await runGit(args, { cwd: clone, okCodes: [0, 1] })).stdout.trim();
}
