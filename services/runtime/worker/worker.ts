import { derivedBase36 } from "#services/ledger/ids.ts";
import { gtCommand } from "./gt.ts";
import { walk } from "./walk.ts";

/**
 * The program that a polecat of the runtimes `patch` and `shell` runs: it does by rote, through the
 * same `gt` commands, what an AI agent does by thought. What it prints is the session's output.
 */
async function main(): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const worktree = setting("GT_WORKTREE");
  const gt = gtCommand({ worktree, env: process.env, signal, say });
  try {
    const who = { agent: setting("GT_AGENT"), epoch: setting("GT_EPOCH") };
    // A name serves many beads, so the epoch alone would not tell two attempts apart.
    const attempt = derivedBase36(12, setting("GT_BEAD"), who.epoch);
    const request = (act: string) => `${attempt} ${act}`;
    const echo = (chunk: Buffer) => void process.stdout.write(chunk);
    await walk({ gt, say, echo, signal, worktree, request, ...who });
  } catch (error) {
    process.exitCode = 1;
    if (!signal.aborted) say(`gave up: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  if (!signal.aborted) await untilEnded(signal);
}

/** A polecat never exits by itself: the Witness first makes sure that nothing would be lost. */
async function untilEnded(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 2 ** 30);
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  clearInterval(alive);
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

await main();
