import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type ImportBeadsResponse, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { oneLine } from "./one-line.ts";
import type { Session } from "./session.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt import`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<file>", "Beads JSONL, a bead a line; - reads standard input")
    .addHelpText("after", example("gt import plan.jsonl"))
    .action(act(importIntoTown));
};

const importTimeoutMs = 300_000;

/** The lines of a file, or of standard input. */
export async function readLines({ terminal }: Session, file: string): Promise<string[]> {
  const text = file === "-" ? await terminal.readInput() : await read(resolve(terminal.cwd, file));
  // Empty lines stay, so that the number of a bad line is its number in the file.
  return text
    .replace(/^\uFEFF/, "")
    .replace(/\n+$/, "")
    .split("\n");
}

/** File the beads of a file in the town in effect. */
export async function importIntoTown(gt: Session, file: string): Promise<void> {
  const lines = await readLines(gt, file);
  await gt.tell(WorkService.method.importBeads, { requestId: gt.requestId, lines }, words, {
    timeoutMs: importTimeoutMs,
  });
}

function words({ created, existing, changed, older, lines, skipped }: ImportBeadsResponse): string {
  const counts = [
    `${created} filed`,
    ...(changed > 0 ? [`${changed} changed`] : []),
    ...(older > 0 ? [`${older} older and left alone`] : []),
    `${existing - changed - older} there already`,
  ];
  const told = lines.map(({ line, id, outcome, why }) => {
    const what = id === "" ? outcome : `${outcome} ${oneLine(id)}`;
    return `line ${line}: ${what}${why === "" ? "" : `: ${oneLine(why)}`}`;
  });
  // A town of an earlier version tells of these only.
  const known = told.length > 0 ? told : skipped.map((line) => `skipped: ${oneLine(line)}`);
  return [counts.join(", "), ...known.map((line) => `  ${line}`)].join("\n");
}

async function read(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new TownError("invalid", `cannot read ${file}`, { cause });
  });
}
