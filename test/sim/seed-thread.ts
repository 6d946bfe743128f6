import { parentPort } from "node:worker_threads";
import { reportSeed, type SeedJob } from "./seed-report.ts";

/** One thread of the pool: it runs the seeds that it is sent, one after the other. */
async function answer(job: SeedJob): Promise<void> {
  try {
    parentPort?.postMessage({ result: await reportSeed(job) });
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parentPort?.postMessage({ failure });
  }
}

parentPort?.on("message", (job: SeedJob) => void answer(job));
