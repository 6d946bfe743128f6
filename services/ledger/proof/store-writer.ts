// Writes, hears others, and makes checkpoints of it until it is killed; says what was acknowledged.
import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { nodeDisk } from "../disk-node.ts";
import { openLedger } from "../ledger.ts";
import { workOn } from "./store-work.ts";
import { randomNumbers } from "./tape.ts";

const [home = "", peers = "", seed = "1"] = process.argv.slice(2);
const random = randomNumbers(Number(seed));
const callersMax = 4;
writeSync(1, "opening\n");
const ledger = await openLedger({
  dir: join(home, "journal"),
  machine: "vm-a",
  disk: nodeDisk,
  nowMs: () => Date.now(),
  store: join(home, "checkpoint.db"),
});
for (const { kind, detail } of ledger.alarms()) {
  if (kind !== "torn-tail") writeSync(1, `alarm ${kind} ${detail}\n`);
}
const heard = readFileSync(peers, "utf8").split("\n");
let seen = Number(ledger.noted("seen") ?? 0);

async function call(): Promise<never> {
  for (;;) {
    for (const { hash } of await ledger.append("ann", workOn(ledger.world, random))) {
      writeSync(1, `acknowledged ${hash}\n`);
    }
  }
}

async function hear(): Promise<void> {
  for (; seen < heard.length; await setImmediate()) {
    const some = heard.slice(seen, seen + 1 + random(4));
    ledger.receive(some, "git");
    seen += some.length;
    ledger.note("seen", String(seen));
    for (let wait = random(20); wait > 0; wait -= 1) await setImmediate();
  }
}

async function keep(): Promise<never> {
  for (;;) {
    await ledger.checkpoint();
    writeSync(1, "checkpoint\n");
    for (let wait = random(20); wait >= 0; wait -= 1) await setImmediate();
  }
}
await Promise.all([keep(), hear(), ...Array.from({ length: callersMax }, call)]);
