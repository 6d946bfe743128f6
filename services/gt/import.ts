import { type ImportBeadsResponse, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { oneLine } from "./one-line.ts";
import { readText } from "./read-text.ts";
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
export async function readLines(gt: Session, file: string): Promise<string[]> {
  const text = (await readText(gt, file)).replace(/^\uFEFF/, "");
  refuseWhole(text, file === "-" ? "standard input" : file);
  // Empty lines stay, so that the number of a bad line is its number in the file.
  return text.replace(/\n+$/, "").split("\n");
}

/** JSON of several lines would be refused line by line, and nobody would learn why. */
function refuseWhole(text: string, what: string): void {
  const [, first = ""] = /^\s*(\S[^\r\n]*)/.exec(text) ?? [];
  const isArray = first.startsWith("[");
  if (!isArray && first.trimEnd() !== "{") return;
  const [kind, filter] = isArray ? ["a JSON array", ".[]"] : ["JSON over several lines", "."];
  const remedy = `\`jq -c '${filter}'\` makes a line of each`;
  throw new TownError("invalid", `${what} is ${kind}, not a bead a line: ${remedy}`);
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
