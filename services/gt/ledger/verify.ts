import { verifySegments } from "#services/ledger/verify.ts";
import { exitCodes } from "../failure.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";
import { type FolderOption, segmentsOf, takeFolder } from "./folder.ts";

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
cloned), foreign (in another writer's folder), torn (the end, as a crash leaves it: no fault).`;

async function verify(gt: Session, options: FolderOption): Promise<void> {
  const verified = verifySegments(await segmentsOf(gt, options));
  const { segments, writers, events, findings } = verified;
  const lines = findings.map(({ file, line, to, kind, detail }) => {
    const where = to === undefined ? `${line}` : `${line}-${to}`;
    return `${file}:${where}: ${kind}: ${oneLine(detail)}`;
  });
  const found = findings.length === 0 ? "all as they were written" : `findings: ${findings.length}`;
  lines.push(`events: ${events}, writers: ${writers}, segments: ${segments}; ${found}`);
  gt.printValue(verified, lines.join("\n"));
  // What a crash leaves is no fault: the next start cuts it off.
  const isSound = findings.every(({ kind }) => kind === "torn");
  if (!isSound) gt.leaveWith(exitCodes.refused);
}
