import { readFile } from "node:fs/promises";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { oneLine } from "./one-line.ts";
import type { Session } from "./session.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt import`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<file>", "Beads JSONL, a bead a line; - reads standard input")
    .addHelpText("after", example("gt import plan.jsonl"))
    .action(act(importFile));
};

const importTimeoutMs = 300_000;

async function importFile(gt: Session, file: string): Promise<void> {
  const text = file === "-" ? await gt.terminal.readInput() : await read(file);
  // Empty lines stay, so that the number of a bad line is its number in the file.
  const lines = text.replace(/\n+$/, "").split("\n");
  await gt.tell(
    WorkService.method.importBeads,
    { requestId: gt.requestId, lines },
    ({ created, existing, skipped }) =>
      [
        `${created} filed, ${existing} there already`,
        ...skipped.map((line) => `  skipped: ${oneLine(line)}`),
      ].join("\n"),
    { timeoutMs: importTimeoutMs },
  );
}

async function read(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new TownError("invalid", `cannot read ${file}`, { cause });
  });
}
