import { resolve } from "node:path";
import type { Command } from "commander";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { readFolder } from "#services/ledger/read-folder.ts";
import type { SegmentText } from "#services/ledger/verify.ts";
import type { Session } from "../session.ts";

/** The option by which a verb is pointed at a folder. */
export type FolderOption = { readonly dir?: string };

/** Let a verb take `--dir`. */
export function takeFolder(command: Command): Command {
  return command.option("--dir <folder>", "a journal, a home or a clone of the ledger; else here");
}

/** The segments of the folder that the call names; nothing in it is changed. */
export function segmentsOf(gt: Session, { dir = "." }: FolderOption): Promise<SegmentText[]> {
  return readFolder(nodeDisk, resolve(gt.terminal.cwd, dir));
}
