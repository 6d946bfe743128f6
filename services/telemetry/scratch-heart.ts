// A process for tests: it beats, is held up for a while, and ends.
import { once } from "node:events";
import { openBus } from "#services/bus/open-bus.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { openHeart } from "./heart.ts";

const [natsUrl, everyMs = "200"] = process.argv.slice(2);
const stop = new AbortController();
const { signal } = stop;
const name = "vm-a";
const bus = await openBus({ url: natsUrl, name, town: "scene", notice: () => {} });
const heart = openHeart({ natsUrl, bus, town: "scene", name, clock: systemClock, signal });
let said = 0;
const actor = heart({
  everyMs: Number(everyMs),
  report: (error) => process.stderr.write(`${error}\n`),
  body: () => {
    said += 1;
    const head = { polecatsMax: said, heads: {}, authorities: [], polecats: [] };
    return { machine: name, incarnation: "vm-a.1", version: "1.0.0", wire: 1, ...head };
  },
});
// What it is told to do comes as lines: `block <ms>`, `end`.
for (;;) {
  const [line] = await once(process.stdin, "data");
  const [verb, ms] = String(line).trim().split(" ");
  if (verb === "block") {
    const endMs = performance.now() + Number(ms);
    while (performance.now() < endMs);
    process.stdout.write("free\n");
  }
  if (verb === "end") break;
}
stop.abort();
await actor.ended;
await bus.close();
process.stdin.destroy();
