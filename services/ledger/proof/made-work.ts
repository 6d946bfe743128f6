import { type Draft, encodeEvent, type LedgerEvent } from "../event.ts";
import type { Tape } from "./tape.ts";

/** The beads of made work. */
export const workUids = ["a", "b", "c", "d", "e", "f"];
const edgeTypes = ["blocks", "blocks", "parent-child", "waits-for", "conditional-blocks"];
/** Few beads in many circles, deep trees, or some of everything. */
const shapes = [
  { uids: workUids, types: edgeTypes, others: ["alpha-a", "alpha-b", "alpha-none", "gh-1"] },
  { uids: workUids, types: edgeTypes, others: [] },
  { uids: ["a", "b", "c"], types: ["parent-child", "parent-child", "blocks"], others: [] },
  { uids: workUids.slice(0, 4), types: ["parent-child", "waits-for", "blocks"], others: [] },
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
    () => {
      // Squashed, or by itself.
      const digest = tape.next(2) === 1 ? { digest: "d" } : {};
      return { bead, op: "delete", values: { reason: "", ...digest } };
    },
    () => ({ bead, op: "tier", values: { tier: tape.pick(["recent", "archive"]) } }),
  ];
  return tape.pick([...makers.slice(0, 3), ...makers])();
}

/** Up to 40 events of one writer, of any kind that readiness depends on. */
export function makeEvents(tape: Tape): LedgerEvent[] {
  const events: LedgerEvent[] = [];
  const shape = tape.pick(shapes);
  while (tape.isLeft() && events.length < 40) {
    const seq = events.length + 1;
    const prev = events.at(-1)?.hash ?? "";
    const head = { v: 1, writer: "town.test", seq, clock: [seq, 0] as const, prev };
    const draft = makeDraft(tape, shape, events);
    events.push(encodeEvent({ ...head, actor: "ann", ...(draft as object) } as never));
  }
  return events;
}
