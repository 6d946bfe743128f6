import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkpointFile } from "#services/ledger/run-checkpoints.ts";
import { checkStore } from "#services/ledger/store/check-store.ts";
import { verifySegments } from "#services/ledger/verify.ts";
import { exitCodes } from "../failure.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";
import { type FolderOption, folderToRead, readSegments, takeFolder } from "./folder.ts";

/** Declare `gt ledger verify`. */
export const declare: Declare = (command, act) => {
  takeFolder(command)
    .addHelpText("after", about)
    .addHelpText("after", example("gt ledger verify --dir ~/.gastown/town"))
    .action(act(verify));
};

const about = `
Each finding is <file>:<line>: <kind>: <what>. Kinds: bad-line (cannot be read), gap (an event is
missing), order, broken-chain (an event was changed), fork (two events under one number: a disk was
cloned), foreign (in another writer's folder), torn (the end, as a crash leaves it: no fault). The
checkpoint of a folder whose process rests is looked through as well.`;

async function verify(gt: Session, options: FolderOption): Promise<void> {
  const dir = await folderToRead(gt, options);
  const verified = verifySegments(await readSegments(gt, dir));
  const { segments, writers, events, findings } = verified;
  const checkpoints = checkpointsIn(dir);
  const lines = findings.map(({ file, line, to, kind, detail }) => {
    const where = to === undefined ? `${line}` : `${line}-${to}`;
    return `${file}:${where}: ${kind}: ${oneLine(detail)}`;
  });
  for (const { file, isInUse, findings: wrong } of checkpoints) {
    if (isInUse) lines.push(`${file}: not looked at: its process has it open`);
    for (const what of wrong) lines.push(`${file}: checkpoint: ${oneLine(what)}`);
    if (wrong.length > 0) lines.push(`${file}: remove it; the next start makes it anew`);
  }
  const found = findings.length === 0 ? "all as they were written" : `findings: ${findings.length}`;
  lines.push(`events: ${events}, writers: ${writers}, segments: ${segments}; ${found}`);
  gt.printValue({ ...verified, checkpoints }, lines.join("\n"));
  // What a crash leaves is no fault: the next start cuts it off.
  const isWhole = checkpoints.every(({ findings: wrong }) => wrong.length === 0);
  const isSound = isWhole && findings.every(({ kind }) => kind === "torn");
  if (!isSound) gt.leaveWith(exitCodes.refused);
}

/** What is wrong with the checkpoints of a home, or of the machines and the town in it. */
function checkpointsIn(dir: string) {
  const machines = join(dir, "machines");
  const names = existsSync(machines) ? readdirSync(machines) : [];
  const places = [dir, join(dir, "town"), ...names.map((name) => join(machines, name))];
  const files = places
    .map((place) => join(place, checkpointFile))
    .filter((file) => existsSync(file));
  return files.map((file) => ({ file, ...checkStore(file) }));
}
