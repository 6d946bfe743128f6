// Writes through a real ledger until it is killed; prints each line that was acknowledged.
import { writeSync } from "node:fs";
import { nodeDisk } from "../disk-node.ts";
import { openLedger } from "../ledger.ts";
import { randomNumbers } from "./tape.ts";

const [dir = "", seed = "1"] = process.argv.slice(2);
const random = randomNumbers(Number(seed));
const callersMax = 6;
const ledger = await openLedger({ dir, machine: "vm-a", disk: nodeDisk, nowMs: () => Date.now() });
writeSync(1, "writing\n");

async function call(caller: number): Promise<never> {
  for (let count = 1; ; count += 1) {
    const description = "x".repeat(random(3) === 0 ? random(30_000) : random(100));
    const fields = { title: `${caller}/${count}`, description };
    const [event] = await ledger.append("overseer", [{ bead: "b", op: "set", values: { fields } }]);
    // At once, and not by way of a stream: what was printed was acknowledged before the kill.
    writeSync(1, `${event?.writer} ${event?.seq} ${event?.hash}\n`);
  }
}
await Promise.all(Array.from({ length: callersMax }, (_, caller) => call(caller)));
