// Whether the work is done, judged from the remotes alone: each rig's main passes its gates, and
// the ledger says nothing that main does not hold.
// `node deploy/local/verify.ts --ledger REMOTE --json`

import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { Command } from "commander";
import { wholeNumber } from "./command/options.ts";
import { runCommand } from "./command/run.ts";
import { beadFacts, gatherFacts } from "./verify/gather.ts";
import { objections } from "./verify/judge.ts";
import { foldLines, type LedgerReading, ledgerLines } from "./verify/read-ledger.ts";

type Options = {
  readonly ledger: string;
  readonly file?: string;
  readonly wait: number;
  readonly json?: boolean;
};

const lookAgainMs = 300;

const program = new Command("verify")
  .description("Judge from the remotes alone whether all work is done and landed.")
  .requiredOption("--ledger <remote>", "the ledger's git remote")
  .option("--file <path>", "a file of Beads, whose ids must all be there")
  .option("--wait <seconds>", "how long what is on its way may take", wholeNumber, 0)
  .option("--json", "answer in JSON");

await runCommand(program, process.argv.slice(2), async (options: Options, { signal, write }) => {
  const wanted = options.file === undefined ? [] : idsOf(await readFile(options.file, "utf8"));
  const reading = await readUntilClosed(options, wanted, signal);
  const facts = await gatherFacts(reading, wanted, signal);
  const reasons = objections(facts);
  const verified = reasons.length === 0;
  const landed = facts.beads.filter(({ closeKind }) => closeKind === "merged").length;
  const answer = { verified, reasons, beads: facts.beads.length, landed };
  const lines = reasons.map((reason) => `  ${reason}\n`).join("");
  const text = verified ? `verified: ${landed} landed\n` : `not verified:\n${lines}`;
  write(options.json ? `${JSON.stringify(answer)}\n` : text);
  return verified ? 0 : 1;
});

/** What was acknowledged reaches the remote within a second or so; that much is waited for. */
async function readUntilClosed(
  { ledger, wait: waitSeconds }: Options,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<LedgerReading> {
  const deadlineMs = performance.now() + waitSeconds * 1_000;
  for (;;) {
    const reading = await foldLines(await ledgerLines(ledger, signal));
    const beads = beadFacts(reading);
    const isThere = wanted.every((id) => reading.world.bead(id) !== undefined);
    const isWhole = isThere && reading.faults.length === 0 && beads.every(({ closed }) => closed);
    if (isWhole || performance.now() > deadlineMs) return reading;
    await wait(lookAgainMs, undefined, { signal });
  }
}

function idsOf(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.flatMap((line) => {
    const { id } = JSON.parse(line) as { id?: unknown };
    return typeof id === "string" ? [id] : [];
  });
}
