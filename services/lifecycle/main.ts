import { setMaxListeners } from "node:events";
import { isTownError } from "#services/rpc/town-error.ts";

/**
 * Run a process's `main` with the one signal that ends it: SIGTERM or SIGINT raise it, and a second
 * one ends the process at once. An expected failure is said in a sentence and exits 2 (bad
 * settings) or 1; anything else is a bug and shows its stack.
 */
export async function main(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // Every loop listens; there are as many as there are loops.
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
    });
  }
  try {
    await run(stop.signal);
    process.exit(0);
  } catch (error) {
    const expected = isTownError(error);
    const words = expected ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`${words}\n`);
    process.exit(isTownError(error, "invalid") ? 2 : 1);
  }
}
