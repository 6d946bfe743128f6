// A thread for tests of the pool: it does as it is told.
import { parentPort, threadId } from "node:worker_threads";

parentPort?.on("message", async ({ act, value, delayMs = 0 }) => {
  if (act === "die") process.exit(3);
  if (act === "throw") throw new Error("cannot");
  if (act === "hang") for (;;);
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  parentPort?.postMessage({ result: `${value} on ${act === "where" ? threadId : "any"}` });
});
