// The fleet that a town has to bear, as a process of its own:
// load.ts URL TOWN MACHINES BEAT_MS EVENTS_PER_SECOND. It says `ready` once all are enrolled.

import { argv } from "node:process";
import { setInterval } from "node:timers/promises";
import type { Bus } from "#services/bus/bus.ts";
import { openBus } from "#services/bus/open-bus.ts";
import { beatSubject } from "#services/bus/subjects.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { machineField } from "#services/ledger/machines.ts";
import { publishOwn } from "#services/ledger/publish-own.ts";
import { type Beat, encodeBeat } from "#services/telemetry/beat.ts";

const [url = "", town = "", machines = "0", beatMs = "0", eventsPerSecond = "0"] = argv.slice(2);
const tickMs = 50;
const writersMax = 20;
const chunk = 200;

type Writer = { readonly ledger: Ledger; readonly bus: Bus };

const names = Array.from({ length: Number(machines) }, (_, at) => `m-${at}`);
const writers = await Promise.all(
  names.slice(0, writersMax).map(async (name): Promise<Writer> => {
    const bus = await openBus({ url, name, town, notice: () => {} });
    const options = { dir: "/j", machine: name, disk: new MemoryDisk(), nowMs: Date.now };
    const ledger = await openLedger(options);
    const report = (error: unknown) => process.stderr.write(`${String(error)}\n`);
    publishOwn({ town, ledger, bus, report });
    return { ledger, bus };
  }),
);

await enrol();
process.stdout.write("ready\n");
await press();

/** Every machine has its bead, and every writer work to write about. */
async function enrol(): Promise<void> {
  const work = Array.from({ length: 1_000 }, (_, at): Draft => {
    return createBead({ uid: `work-${at}`, id: `al-${at}`, title: `Work ${at}` });
  });
  const drafts = [...names.map(machineBead), ...work];
  for (let at = 0; at < drafts.length; at += chunk) {
    const writer = writers[(at / chunk) % writers.length];
    await writer?.ledger.append("bench", drafts.slice(at, at + chunk));
  }
}

/** Beats spread evenly over their interval, and events at their rate, until we are ended. */
async function press(): Promise<never> {
  const beatsATick = (names.length * tickMs) / Number(beatMs);
  const eventsATick = (Number(eventsPerSecond) * tickMs) / 1_000;
  let [beats, events] = [0, 0];
  let [beatsOwed, eventsOwed] = [0, 0];
  for await (const _ of setInterval(tickMs)) {
    for (beatsOwed += beatsATick; beatsOwed >= 1; beatsOwed -= 1) {
      const at = beats++ % names.length;
      const machine = names[at] ?? "";
      const writer = writers[at % writers.length];
      writer?.bus.signal(beatSubject(town, machine), encodeBeat(beatOf(machine, writer.ledger)));
    }
    for (eventsOwed += eventsATick; eventsOwed >= 1; eventsOwed -= 1) {
      const number = events++;
      const notes = `Seen ${number} times, and still as it was.`;
      const draft = setFields(`work-${number % 1_000}`, { notes });
      void writers[number % writers.length]?.ledger.append("bench", [draft]);
    }
  }
  throw new Error("the clock has stopped");
}

function beatOf(machine: string, { writer, heads }: Ledger): Beat {
  const head = heads().get(writer);
  const isOwn = writer.startsWith(`${machine}.`);
  return {
    machine,
    incarnation: isOwn ? writer : `${machine}.aaaaaaaa`,
    atMs: Date.now(),
    version: "bench",
    wire: 1,
    polecatsMax: 4,
    heads: isOwn && head ? { [writer]: [head.seq, head.hash] } : {},
    authorities: [],
    polecats: [],
    loopLagMs: 0,
  };
}

function machineBead(name: string): Draft {
  const offer = { name, rigs: [], polecatsMax: 4, version: "bench", wire: 1 };
  return createBead({
    uid: derivedUid("machine", name),
    id: `hq-machine-${name}`,
    title: name,
    issueType: "machine",
    status: "pinned",
    fields: { [machineField.name]: offer },
  });
}
