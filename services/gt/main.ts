import { run } from "./run.ts";
import { processTerminal } from "./terminal.ts";

const stop = new AbortController();
// The second Ctrl-C ends at once, should something not listen to the first.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
// `gt list | head` closes the pipe early, and that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
process.exitCode = await run(process.argv.slice(2), processTerminal(), stop.signal);
