import fc from "fast-check";
import { expect, test } from "vitest";
import { isHeld } from "./bead.ts";
import { Beads } from "./beads.ts";
import { type Draft, encodeEvent, type LedgerEvent } from "./event.ts";
import { randomNumbers, readTape, shuffled, type Tape } from "./proof/tape.ts";
import {
  isDispatchable,
  isWork,
  judgeReadiness,
  openWork,
  readyBeads,
  workInHand,
} from "./readiness.ts";

const all = ["a", "b", "c", "d", "e", "f"];
const edgeTypes = ["blocks", "blocks", "parent-child", "waits-for", "conditional-blocks"];
/** Few beads in many circles, deep trees, or some of everything. */
const shapes = [
  { uids: all, types: edgeTypes, others: ["alpha-a", "alpha-b", "alpha-none", "gh-1"] },
  { uids: all, types: edgeTypes, others: [] },
  { uids: ["a", "b", "c"], types: ["parent-child", "parent-child", "blocks"], others: [] },
  { uids: all.slice(0, 4), types: ["parent-child", "waits-for", "blocks"], others: [] },
];
type Shape = (typeof shapes)[number];
const issueTypes = ["task", "task", "epic", "merge-request", "rig"];
const dates = ["", "1970-01-01T00:00:05Z", "1970-01-01T00:00:15Z", "1970-01-01T00:00:30Z"];
const rig = { name: "alpha", prefix: "alpha", remote: "/r", target: "main" };

const edge = (tape: Tape, { uids, others, types }: Shape) => ({
  to: tape.pick([...uids, ...uids, ...others]),
  type: tape.pick(types),
  ...(tape.next(4) === 1 && { metadata: '{"gate":"any-children"}' }),
});

/** One write of any kind that readiness depends on. */
function makeDraft(tape: Tape, shape: Shape, written: readonly LedgerEvent[]): Draft {
  const { uids } = shape;
  const bead = tape.pick(uids);
  const epoch = tape.pick(["1.1", "1.2", "2.1"]);
  const makers: (() => Draft)[] = [
    () => {
      const fields = { issue_type: tape.pick(issueTypes), status: "open", "gt.rig": rig };
      const edges = Array.from({ length: tape.next(3) }, () => edge(tape, shape));
      return { bead, op: "create", values: { id: `alpha-${bead}`, fields, edges } };
    },
    () => ({ bead, op: "link", values: { add: [edge(tape, shape)] } }),
    () => ({ bead, op: "link", values: { add: [edge(tape, shape)] } }),
    () => {
      const remove: Record<string, string[]> = {};
      for (const { op, values, hash, bead: of } of written) {
        if (op !== "link" || of !== bead) continue;
        for (const { type, to } of values["add"] as { type: string; to: string }[]) {
          remove[`${type} ${to}`] = [hash];
        }
      }
      return { bead, op: "unlink", values: { remove } };
    },
    () => ({ bead, op: "set", values: { fields: { defer_until: tape.pick(dates) } } }),
    () => ({ bead, op: "set", values: { fields: { issue_type: tape.pick(issueTypes) } } }),
    () => ({ bead, op: "set", values: { fields: { "gt.work": tape.pick(uids) } } }),
    () => ({ bead, op: "set", values: { fields: { "gt.placement": { machine: "m" } } } }),
    () => {
      const status = tape.pick(["open", "in_progress", "deferred", "pinned"]);
      return { bead, op: "set", values: { fields: { status } } };
    },
    () => ({ bead, op: "label", values: { add: ["template"] } }),
    () => ({ bead, op: "claim", epoch, values: { machine: "m", polecat: "nux" } }),
    () => ({ bead, op: "release", epoch, values: { reason: "" } }),
    () => ({ bead, op: "close", values: { close: epoch, kind: "done", reason: "" } }),
    () => ({ bead, op: "close", epoch, values: { close: epoch, kind: "failed", reason: "" } }),
    () => ({ bead, op: "reopen", values: { closes: ["1.1", "1.2", "2.1"], reason: "" } }),
    () => ({ bead, op: "delete", values: { reason: "" } }),
  ];
  return tape.pick([...makers.slice(0, 3), ...makers])();
}

function makeEvents(tape: Tape): LedgerEvent[] {
  const events: LedgerEvent[] = [];
  const shape = tape.pick(shapes);
  while (tape.isLeft() && events.length < 40) {
    const seq = events.length + 1;
    const head = { v: 1, writer: "town.test", seq, clock: [seq, 0] as const, prev: "" };
    const draft = makeDraft(tape, shape, events);
    events.push(encodeEvent({ ...head, actor: "ann", ...(draft as object) } as never));
  }
  return events;
}

const names = (beads: readonly { uid: string }[]) => beads.map(({ uid }) => uid).sort();

/** The index against each bead judged by itself, in an order of its own. */
function compare(world: Beads, nowMs: number, seed: number): void {
  const beads = shuffled([...world.all()], seed);
  const judge = judgeReadiness(world, nowMs);
  const judged = beads.map((bead) => ({ bead, isFree: judge(bead).blocked.length === 0 }));
  const ready = judged.filter(({ bead, isFree }) => {
    return bead.status !== "closed" && isDispatchable(bead) && isFree;
  });
  expect(names(readyBeads(world, nowMs))).toEqual(names(ready.map(({ bead }) => bead)));
  const open = beads.filter((bead) => bead.status !== "closed" && isWork(bead));
  expect(names(openWork(world))).toEqual(names(open));
  const inHand = open.filter((bead) => isHeld(bead) || bead.fields["gt.placement"] !== undefined);
  expect(names(workInHand(world))).toEqual(names(inHand));
}

test("what is kept as events come is what judging every bead anew would find", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 40, maxLength: 240, size: "max" }),
      fc.nat(),
      fc.boolean(),
      (bytes, seed, isInOrder) => {
        const written = makeEvents(readTape(bytes));
        const events = isInOrder ? written : shuffled(written, seed);
        const random = randomNumbers(seed);
        const world = new Beads();
        let nowMs = 0;
        for (const event of events) {
          world.fold(event);
          if (random(3) > 0) continue; // Several events between two looks.
          nowMs = Math.max(0, nowMs + random(12_000) - 2_000);
          compare(world, nowMs, seed);
        }
        compare(world, nowMs, seed);
      },
    ),
    { numRuns: 3_000 },
  );
});

test("a ring that is longer than a first look is found, wherever its last edge comes", () => {
  const types = ["blocks", "parent-child", "waits-for", "conditional-blocks"];
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 3, max: 14 }), (seed, count) => {
      const random = randomNumbers(seed);
      const world = new Beads();
      let seq = 0;
      const fold = (bead: string, op: string, values: object) => {
        seq += 1;
        const head = { v: 1, writer: "town.test", seq, clock: [seq, 0] as const, prev: "" };
        world.fold(encodeEvent({ ...head, actor: "ann", bead, op, values: values as never }));
      };
      const ring = Array.from({ length: count }, (_, at) => `u${at}`);
      for (const uid of ring) {
        const fields = { status: "open", issue_type: random(3) === 0 ? "epic" : "task" };
        fold(uid, "create", { id: `alpha-${uid}`, fields });
      }
      for (const [at, uid] of shuffled([...ring.entries()], seed)) {
        compare(world, 0, seed);
        const to = `u${(at + 1) % count}`;
        const type = types[random(types.length)] ?? "blocks";
        // An epic is finished after its children: its edge may run the other way.
        if (random(4) === 0) fold(to, "link", { add: [{ to: uid, type: "parent-child" }] });
        else fold(uid, "link", { add: [{ to, type }] });
      }
      compare(world, 0, seed);
    }),
    { numRuns: 1_500 },
  );
});
