import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { isLedger, readFolder } from "#services/ledger/read-folder.ts";
import { type EventReading, readEvents } from "#services/ledger/replay.ts";
import type { SegmentText } from "#services/ledger/verify.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { exitCodes } from "../failure.ts";
import type { Home } from "../find-town.ts";
import { oneLine } from "../one-line.ts";
import { findHomes, homePaths, readHomes } from "../read-homes.ts";
import type { Session } from "../session.ts";

/** The option by which a verb is pointed at a folder. */
export type FolderOption = { readonly dir?: string };

/** Let a verb take `--dir`. */
export function takeFolder(command: Command): Command {
  const places = "a folder of gt ledger init, a home, a journal, or a clone of the ledger";
  return command.option("--dir <folder>", `${places}; else here, else the town's own on this host`);
}

/** The segments of the folder that the call means; nothing in it is changed. */
export async function segmentsOf(gt: Session, options: FolderOption): Promise<SegmentText[]> {
  return readSegments(gt, await folderToRead(gt, options));
}

/** The segments of a folder. */
export async function readSegments(gt: Session, dir: string): Promise<SegmentText[]> {
  try {
    return await readFolder(nodeDisk, dir, gt.signal, (fault) => {
      gt.terminal.writeError(`gt: ${oneLine(fault)}\n`);
      gt.leaveWith(exitCodes.refused);
    });
  } catch (error) {
    throw readError(error, dir);
  }
}

/** A folder's segments, and the events in them. */
type FolderReading = EventReading & { readonly segments: readonly SegmentText[] };

/** The events of that folder. What is left out of them is told, and ends the call with 1. */
export async function eventsOf(gt: Session, options: FolderOption): Promise<FolderReading> {
  const segments = await segmentsOf(gt, options);
  const reading = { ...readEvents(segments), segments };
  for (const fault of reading.faults) gt.terminal.writeError(`gt: ${oneLine(fault)}\n`);
  if (reading.faults.length > 0) gt.leaveWith(exitCodes.refused);
  return reading;
}

/** The folder that a call reads: the one it names, else the current one, else a town's. */
export async function folderToRead(gt: Session, { dir }: FolderOption): Promise<string> {
  const { terminal, globals } = gt;
  if (dir !== undefined) return existing(resolve(terminal.cwd, dir));
  const isTownNamed = globals.home !== undefined || globals.town !== undefined;
  if (!isTownNamed && (await isLedger(nodeDisk, terminal.cwd))) return terminal.cwd;
  const home = await homeInEffect(gt);
  if (home === undefined) {
    const what = `no ledger in ${terminal.cwd}, and no town is known on this host`;
    const remedy = "name a folder with --dir, or make one: gt ledger init";
    throw new TownError("not_found", `${what}: ${remedy}`);
  }
  terminal.writeError(`gt: reading ${home.path}\n`);
  return home.path;
}

/** A home whose processes have ended has its ledger still. */
async function homeInEffect({ hints, terminal }: Session): Promise<Home | undefined> {
  const running = await findHomes(hints, terminal.cwd);
  const homes = running.length > 0 ? running : await readHomes(homePaths(hints, terminal.cwd));
  if (hints.town === undefined) return homes[0];
  const named = homes.find(({ file }) => file.address === hints.town);
  if (named) return named;
  const what = `the town at ${hints.town} has no home on this host that is known here`;
  throw new TownError("not_found", `${what}: name its folder with --dir`);
}

/**
 * The folder that a call changes: the one it names, or the current one where that is a ledger's;
 * undefined where the town in effect is meant.
 */
export async function folderToChange(
  gt: Session,
  { dir }: FolderOption,
): Promise<string | undefined> {
  const { terminal, globals } = gt;
  if (dir !== undefined) return existing(resolve(terminal.cwd, dir));
  if (globals.home !== undefined || globals.town !== undefined) return undefined;
  if (existsSync(join(terminal.cwd, "ledger.json"))) return terminal.cwd;
  if ((await gt.places()).length > 0) return undefined;
  return (await isLedger(nodeDisk, terminal.cwd)) ? terminal.cwd : undefined;
}

function existing(dir: string): string {
  if (existsSync(dir)) return dir;
  throw new TownError("not_found", `there is no folder ${dir}: gt ledger init --dir makes one`);
}

function readError(error: unknown, dir: string): unknown {
  const { code, path = dir } = error as NodeJS.ErrnoException;
  if (code === "ENOTDIR") return new TownError("invalid", `${path} is a file, not a folder`);
  if (code !== "EACCES" && code !== "EPERM") return error;
  return new TownError("state", `cannot read ${path} (${code})`, { cause: error });
}
