import { edgeKey } from "../bead-state.ts";
import type { Draft, EdgeValue, Operation, Values } from "../event.ts";
import { tiers } from "../tier.ts";
import type { Happened } from "./history.ts";
import type { Tape } from "./tape.ts";

/** The beads of a made history. */
export const uids = ["a", "b", "c", "d"];
/** Names that several of them are created under. */
export const ids = ["alpha-x", "alpha-y"];
/** What edges lead to: beads, names, names after a clash, and what nobody ever creates. */
const targets = [...uids, ...ids, "alpha-x~a", "alpha-y~b", "beta-none"];
/** Labels of a made history. */
export const labels = ["x", "y"];
/** Requests of a made history. */
export const requests = ["r1", "r2"];
const edgeTypes = ["blocks", "parent-child"];
/** Claims in no particular order, with numbers that sort otherwise as text. */
const epochs = ["1.1", "1.2", "1.10", "2.2", "10.1"];
const closes = ["step:1", "step:2", "merged:r:1"];
const texts = ["one", "two", "ünïcode \u2028 \ud83d\ude82"];

/** Operations of versions to come, and names that are properties of every object. */
const unknown = ["frobnicate", "hasOwnProperty", "__proto__", "constructor"];

type Made = Draft & { readonly later?: object };
type Make = (tape: Tape, bead: string, known: readonly Happened[]) => Made;

/** One write that the tape chooses, by somebody who knows of `known`. */
export function makeDraft(tape: Tape, known: readonly Happened[]): Made {
  const make = tape.pick(makers);
  const bead = tape.pick(uids);
  const made = make(tape, bead, known);
  const request = tape.next(8) === 1 ? { request: `${tape.pick(requests)}:${bead}` } : {};
  const later = tape.next(8) === 1 ? { later: { zz_later: { deep: [1, null] } } } : {};
  return { ...made, ...request, ...later };
}

const create: Make = (tape, bead) => ({
  bead,
  op: "create",
  values: {
    id: tape.pick([...ids, `alpha-${bead}`]),
    fields: fields(tape),
    ...(tape.next(2) === 1 && { labels: [tape.pick(labels)] }),
    ...(tape.next(2) === 1 && { edges: [edge(tape)] }),
    ...(tape.next(3) === 1 && { comments: [{ author: "o", text: tape.pick(texts) }] }),
    ...(tape.next(4) === 1 && { zz_later: [1] }),
  },
});

const makers: readonly Make[] = [
  create,
  create,
  (tape, bead) => ({ bead, op: "set", values: { fields: fields(tape) } }),
  (tape, bead) => ({ bead, op: "set", values: { fields: fields(tape) } }),
  (tape, bead) => ({ bead, op: "label", values: { add: [tape.pick(labels)] } }),
  (tape, bead, known) => {
    const label = tape.pick(labels);
    const seen = additions(known, bead, (event) => addsLabel(event, label));
    return { bead, op: "unlabel", values: { remove: { [label]: seen } } };
  },
  (tape, bead) => ({ bead, op: "link", values: { add: [edge(tape)] } }),
  (tape, bead, known) => {
    const key = edgeKey(edge(tape));
    const seen = additions(known, bead, (event) => addsEdge(event, key));
    return { bead, op: "unlink", values: { remove: { [key]: seen } } };
  },
  (tape, bead) => {
    const id = tape.next(2) === 1 ? { id: tape.pick(["1", "2"]) } : {};
    return { bead, op: "comment", values: { ...id, author: "o", text: tape.pick(texts) } };
  },
  (tape, bead, known) => {
    const seen = known.filter(({ event }) => event.op === "comment" && event.bead === bead);
    // Also one that nobody has seen: it never comes to be then, wherever it was written.
    const remove = tape.next(2) === 1 ? [tape.pick(["1", "2"])] : seen.map(commentId);
    return { bead, op: "uncomment", values: { remove } };
  },
  (tape, bead) => {
    const cursor = tape.next(2) === 1 ? { cursor: madeCursor(tape) } : {};
    const values = { machine: tape.pick(["m0", "m1"]), polecat: tape.pick(texts), ...cursor };
    return { bead, op: "claim", ...epoch(tape), values };
  },
  (tape, bead) => {
    const respawn = `${tape.pick(epochs)}.${tape.next(3)}`;
    return { bead, op: "spawn", epoch: respawn, values: { session: "s", machine: "m0" } };
  },
  (tape, bead) => {
    const exit = tape.next(2) === 1 ? { exit: "BLOCKED" } : {};
    return { bead, op: "release", ...epoch(tape), values: { reason: "", ...exit } };
  },
  closing,
  closing,
  (tape, bead) => ({ bead, op: "tier", values: { tier: tape.pick([...tiers, "later"]) } }),
  (tape, bead, known) => {
    const seen = known.filter(({ event }) => event.op === "close" && event.bead === bead);
    const names = [...new Set(seen.map(({ event }) => String(event.values["close"])))];
    return { bead, op: "reopen", values: { closes: names, reason: tape.pick(texts) } };
  },
  (tape, bead) => {
    const digest = tape.next(2) === 1 ? { digest: "d" } : {};
    // Few are deleted, or nothing else would be seen of them.
    if (tape.next(3) > 0) return { bead, op: "set", values: { fields: fields(tape) } };
    return { bead, op: "delete", values: { reason: tape.pick(texts), ...digest } };
  },
  (tape, bead) => ({
    bead,
    op: tape.pick(unknown) as Operation as "set",
    values: { fields: { title: "not a set" } },
  }),
];

function closing(tape: Tape, bead: string): Made {
  const close = tape.pick(closes);
  const kind = close.startsWith("merged") ? "merged" : tape.pick(["done", "failed"]);
  const values = { close, kind, reason: tape.pick(texts), commit: tape.pick(["c1", "c2"]) };
  return { bead, op: "close", ...epoch(tape), values };
}

function epoch(tape: Tape): { epoch?: string } {
  const which = tape.next(epochs.length + 1);
  const claim = epochs[which];
  if (claim === undefined) return {};
  return { epoch: tape.next(2) === 1 ? `${claim}.${tape.next(2)}` : claim };
}

function madeCursor(tape: Tape): NonNullable<Values<"claim">["cursor"]> {
  const steps = Object.fromEntries(uids.filter(() => tape.next(2) === 1).map((uid) => [uid, "c"]));
  return { steps, commit: tape.pick(["", "c1"]) };
}

function fields(tape: Tape): Values<"set">["fields"] {
  const made: [string, Values<"set">["fields"][string]][] = [];
  for (let count = 1 + tape.next(2); count > 0; count -= 1) made.push(field(tape));
  return Object.fromEntries(made);
}

function field(tape: Tape): [string, Values<"set">["fields"][string]] {
  return tape.pick<() => [string, Values<"set">["fields"][string]]>([
    () => ["title", tape.pick(texts)],
    () => ["status", tape.pick(["open", "deferred", "closed", "tombstone", "zz-later"])],
    () => ["priority", tape.next(5)],
    () => ["issue_type", tape.pick(["bug", "epic", "zz-later"])],
    () => ["gt.work", tape.pick(["", ...uids])],
    () => ["assignee", tape.pick(["", "overseer"])],
    () => ["zz_later", tape.pick([null, { b: 1, a: [true, 0.5, ""] }, "text"])],
    () => ["updated_at", tape.pick(["2020-01-01T00:00:00Z", "2021-01-01T01:00:00+01:00"])],
  ])();
}

function edge(tape: Tape): EdgeValue {
  const more = tape.next(3) === 1 ? { created_by: tape.pick(texts), zz_later: 1 } : {};
  return { to: tape.pick(targets), type: tape.pick(edgeTypes), ...more };
}

function additions(
  known: readonly Happened[],
  bead: string,
  adds: (happened: Happened) => boolean,
): string[] {
  const seen = known.filter((each) => each.event.bead === bead && adds(each));
  return seen.map(({ event }) => event.hash);
}

/** The id of the comment that an event makes. */
export function commentId({ event }: Happened): string {
  return (event.values as Values<"comment">).id ?? event.hash.slice(0, 12);
}

/** Whether an event adds a label to its bead. */
export function addsLabel({ event }: Happened, label: string): boolean {
  const { op, values } = event;
  if (op === "label") return (values as Values<"label">).add.includes(label);
  return op === "create" && ((values as Values<"create">).labels ?? []).includes(label);
}

/** Whether an event adds an edge to its bead. */
export function addsEdge({ event }: Happened, key: string): boolean {
  const { op, values } = event;
  const isIt = (each: EdgeValue) => edgeKey(each) === key;
  if (op === "link") return (values as Values<"link">).add.some(isIt);
  return op === "create" && ((values as Values<"create">).edges ?? []).some(isIt);
}
