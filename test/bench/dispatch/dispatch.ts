import { open } from "node:fs/promises";
import { join } from "node:path";
import { closeBead, createBead } from "#services/ledger/drafts.ts";
import { slingField } from "#services/ledger/work-fields.ts";
import { runActor } from "#services/lifecycle/actor.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { fleetLimits } from "#services/telemetry/judge-fleet.ts";
import { runAuthority } from "../../../rig-agent/authority/run-authority.ts";
import { Terms } from "../../../rig-agent/authority/terms.ts";
import { dispatch } from "../../../town/mayor/mayor.ts";
import { startBenchNats } from "../bench-nats.ts";
import { elapsedMs, percentile, spreadOf } from "../measure.ts";
import { type Finding, finding } from "../metric.ts";
import { openNatsLimits } from "../nats-limits.ts";
import type { Settings } from "../settings.ts";
import { machineName, openPair, type Pair, rigName } from "./pair.ts";

const bench = "dispatch";

/** From the Mayor's decision to the claim that the machine's authority made durable. */
export async function* benchDispatch({ repeats, dir }: Settings): AsyncIterable<Finding> {
  const nats = await startBenchNats(dir);
  const limits = await openNatsLimits(nats.url);
  const pair = await openPair(dir, nats.url);
  try {
    const course = openCourse(pair);
    const count = repeats * 20;
    await alone(course, Math.min(20, count));
    const requests: number[] = [];
    const writes: number[] = [];
    const took: number[] = [];
    const file = await open(join(dir, "bare.jsonl"), "a");
    for (let round = 0; round < 10; round += 1) {
      requests.push(...(await limits.requests(Math.ceil(count / 10))));
      writes.push(...(await bareWrites(file, Math.ceil(count / 5), course.eventBytes())));
      took.push(...(await alone(course, Math.ceil(count / 10))));
    }
    await file.close();
    const limit = (share: number) => percentile(requests, share) + 2 * percentile(writes, share);
    yield finding({
      ...{ bench, metric: "placement decided to durably claimed, p50", unit: "ms", target: 1.6 },
      ours: spreadOf(took),
      limit: limit(0.5),
    });
    yield finding({
      ...{ bench, metric: "placement decided to durably claimed, p99", unit: "ms", target: 3 },
      ours: percentile(took, 0.99),
      limit: limit(0.99),
    });
    const [many, ours, bare]: [number, number[], number[]] = [repeats * 100, [], []];
    for (let round = 0; round < 3; round += 1) {
      bare.push((many * 1_000) / (await limits.throughStore(many, 2 * course.eventBytes())));
      ours.push((many * 1_000) / (await together(course, many)));
    }
    yield finding({
      ...{ bench, metric: "durable dispatches per second, one town", unit: "/s" },
      ...{ target: 0.35, better: "higher" },
      ours: spreadOf(ours),
      limit: percentile(bare, 0.5),
    });
  } finally {
    await pair.close();
    await limits.close();
    await nats.stop();
  }
}

/** The Mayor of the one side and the authority of the other, at work. */
type Course = {
  readonly pair: Pair;
  /** By uid, when the plan was made and when its claim was durable. */
  readonly decided: Map<string, number>;
  readonly claimed: Map<string, number>;
  readonly until: (isDone: () => boolean) => Promise<void>;
  readonly eventBytes: () => number;
};

function openCourse(pair: Pair): Course {
  const { town, machine, signal } = pair;
  const [decided, claimed] = [new Map<string, number>(), new Map<string, number>()];
  const report = (error: unknown) => process.stderr.write(`${String(error)}\n`);
  const shared = { clock: systemClock, signal, report };
  const mayor = runActor({
    ...shared,
    name: "mayor",
    everyMs: 5_000,
    round: () =>
      dispatch({
        ledger: town.ledger,
        nowMs: Date.now,
        isHeard: () => true,
        planned: ({ placed }) => {
          for (const { uid } of placed) decided.set(uid, performance.now());
        },
      }),
  });
  town.ledger.onChange(mayor.ring);
  const terms = new Terms();
  terms.take({ rig: rigName, term: 1, tip: "", repoDir: "" });
  runAuthority({
    ...shared,
    machine: machineName,
    ledger: machine.ledger,
    terms,
    clone: async () => "",
    reconcile: async () => {},
    isTownHeard: () => true,
    isHeard: () => true,
    fleet: {
      limits: fleetLimits,
      verdict: () => ({ lost: new Map(), braked: [] }),
      isDeaf: () => false,
      silentMs: () => 0,
    },
    took: () => {},
  });
  const bell = { ring: () => {} };
  let bytes = 300;
  machine.ledger.onChange(({ event }) => {
    if (event.op !== "claim") return;
    claimed.set(event.bead, performance.now());
    bytes = event.line.length + 1;
    bell.ring();
  });
  const until = async (isDone: () => boolean) => {
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        bell.ring = resolve;
      });
    }
  };
  return { pair, decided, claimed, until, eventBytes: () => bytes };
}

let made = 0;

function newBead() {
  made += 1;
  const id = `al-${made.toString(36).padStart(5, "0")}`;
  const fields = { [slingField.name]: { runtime: "shell", command: "true", by: "bench" } };
  return createBead({ uid: id, id, title: `Work ${made}`, fields });
}

/** One bead after the other; ms from its plan to its claim. */
async function alone({ pair, decided, claimed, until }: Course, count: number): Promise<number[]> {
  const { ledger } = pair.town;
  const took: number[] = [];
  for (let each = 0; each < count; each += 1) {
    const bead = newBead();
    await ledger.append("overseer", [bead]);
    await until(() => claimed.has(bead.bead));
    took.push((claimed.get(bead.bead) ?? 0) - (decided.get(bead.bead) ?? 0));
    await ledger.append("overseer", [closed(bead.bead)]);
  }
  return took;
}

/** Many that are ready at once; ms until all are claimed. */
async function together({ pair, claimed, until }: Course, count: number): Promise<number> {
  const { ledger } = pair.town;
  const beads = Array.from({ length: count }, newBead);
  const uids = beads.map(({ bead }) => bead);
  const took = await elapsedMs(async () => {
    await ledger.append("overseer", beads);
    await until(() => uids.every((uid) => claimed.has(uid)));
  });
  await ledger.append("overseer", uids.map(closed));
  return took;
}

function closed(uid: string) {
  return closeBead(uid, { close: "bench", kind: "done", reason: "" });
}

/** Bare appends of the same size, each synced, ms. */
async function bareWrites(
  file: Awaited<ReturnType<typeof open>>,
  count: number,
  bytes: number,
): Promise<number[]> {
  const line = Buffer.alloc(bytes, "x");
  const took: number[] = [];
  for (let each = 0; each < count; each += 1) {
    took.push(
      await elapsedMs(async () => {
        await file.appendFile(line);
        await file.datasync();
      }),
    );
  }
  return took;
}
