// Makes, ends and collects wisps until it is killed; prints what was acknowledged.
import { writeSync } from "node:fs";
import { nodeDisk } from "../disk-node.ts";
import { closeBead, createBead } from "../drafts.ts";
import { randomUid } from "../ids.ts";
import { openWisps } from "../wisp-store.ts";

const [dir = ""] = process.argv.slice(2);
const wisps = await openWisps({ dir, machine: "vm-a", disk: nodeDisk, nowMs: () => Date.now() });
writeSync(1, "writing\n");

const description = "x".repeat(1_000);
/** Every other one is over at once. */
async function make(): Promise<never> {
  for (let count = 0; ; count += 1) {
    const uid = randomUid();
    const isOver = count % 2 === 0;
    const title = isOver ? "over" : "kept";
    const made = createBead({ uid, id: `hq-wisp-${uid}`, title, fields: { description } });
    const close = closeBead(uid, { close: "x", kind: "done", reason: "" });
    await wisps.append("ann", isOver ? [made, close] : [made]);
    writeSync(1, `${title} ${uid}\n`);
  }
}

async function collect(): Promise<never> {
  const ages = { maxAgeMs: -1, abandonedMaxAgeMs: Number.POSITIVE_INFINITY };
  for (;;) {
    const roots = await wisps.collect(Date.now(), ages);
    for (const { uid } of roots) writeSync(1, `gone ${uid}\n`);
    if (roots.length === 0) await new Promise((next) => setImmediate(next));
  }
}
await Promise.all([make(), make(), collect()]);
