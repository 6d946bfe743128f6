// Runs seeds in a process of its own in which nothing tells the time, draws lots or waits.

import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import waits from "node:timers/promises";
import { everyFault } from "./every-fault.ts";
import { runSeed } from "./run-seed.ts";
import type { Size } from "./world.ts";

const job = JSON.parse(process.argv[2] ?? "{}") as { seeds: readonly number[]; size: Size };
/** What was called all the same, with where: who catches all errors would hide it. */
const used: string[] = [];

function forbid(owner: object, ...names: readonly string[]): void {
  for (const name of names) {
    const forbidden = () => {
      const error = new Error(`${name} was called in a run`);
      used.push(error.stack ?? error.message);
      throw error;
    };
    Object.defineProperty(owner, name, { value: forbidden, configurable: true, writable: true });
  }
}

/** Everything by which a run could differ from another one of the same seed. */
function seal(): void {
  forbid(Math, "random");
  forbid(Date, "now");
  forbid(performance, "now");
  forbid(process, "hrtime", "uptime");
  forbid(globalThis, "setTimeout", "setInterval", "fetch");
  forbid(timers, "setTimeout", "setInterval");
  forbid(waits, "setTimeout", "setInterval");
  forbid(AbortSignal, "timeout");
  forbid(globalThis.crypto, "randomUUID", "getRandomValues");
  forbid(crypto, "randomUUID", "randomBytes", "randomInt", "randomFillSync");
  globalThis.Date = new Proxy(Date, {
    construct: (target, args) => {
      if (args.length === 0) used.push(new Error("the date was asked for in a run").stack ?? "");
      return Reflect.construct(target, args);
    },
  });
  syncBuiltinESMExports();
}

seal();
const digests: string[] = [];
for (const seed of job.seeds) {
  const faults = everyFault(seed, job.size);
  digests.push((await runSeed({ seed, size: job.size, faults })).digest);
}
process.stdout.write(JSON.stringify({ digests, used }));
