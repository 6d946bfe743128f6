import type { LedgerEvent } from "#services/ledger/event.ts";
import { makeRun, worker } from "./made-run.ts";
import type { Observation } from "./observation.ts";
import type { RunRecord } from "./record.ts";

/** A run in which all goes well, to be spoilt. */
export const run: RunRecord = await makeRun();

/** An event that is nowhere. */
export const event = {
  hash: "hash-of-a-lost-one",
  seq: 1,
  writer: "vm-a.0000",
  actor: "mayor",
  bead: "a1",
  op: "comment",
  values: {},
} as unknown as LedgerEvent;

function find<K extends Observation["kind"]>(
  kind: K,
  isIt: (seen: Extract<Observation, { kind: K }>) => boolean = () => true,
): Extract<Observation, { kind: K }> {
  type Seen = Extract<Observation, { kind: K }>;
  const found = run.observations.findLast(
    (each): each is Seen => each.kind === kind && isIt(each as Seen),
  );
  if (!found) throw new Error(`no ${kind}`);
  return found;
}

export const started = find("worker", ({ what }) => what === "started");
export const ended = find("worker", ({ what }) => what === "ended");
export const stuck = find("worker", ({ what }) => what === "stuck");
export const claimed = find("appended", ({ events }) => events.some(({ op }) => op === "claim"));
export const drained = find("appended", ({ events }) => events[0]?.actor === "machines/vm-a");
export const effect = find("effect", ({ what }) => what === "step");
export const landed = find("landed");
export const answered = find("answered");
export const folded = find("folded", ({ isHolder }) => isHolder);
export const watched = find("watched", ({ what }) => what === "event");
export const capacity = find("capacity", ({ of }) => of === "machine");
export const disk = {
  kind: "disk",
  atMs: 1,
  machine: "vm-a",
  what: "gone",
  held: new Set<string>(),
} as const;
export const moved = { ...find("ref"), from: "c1", to: "c2" };

export function respawned(epoch: string, machine = "vm-a"): Observation[] {
  const again = { ...worker, kind: "worker", atMs: 103_000, epoch, machine } as const;
  return [
    { ...again, what: "started" },
    { ...again, what: "ended" },
  ];
}

/** A claim that a process appended, whatever else it knew. */
export function claimedBy(by: string, epoch: string, of = "a1"): Observation {
  const values = { machine: "vm-a", polecat: worker.agent };
  const term = epoch.split(".")[0];
  // Events that every replica has, so that nothing is missing at the end.
  const hash = claimed.events[0]?.hash;
  const own = term === "1" ? claimed.events[0]?.writer : undefined;
  const writer = by === "vm-a" && own ? own : `${by}.t${term}00`;
  const made = { ...event, hash, seq: 0, writer, bead: of, op: "claim", epoch, values };
  return { kind: "appended", atMs: 103_500, by, events: [made as unknown as LedgerEvent] };
}

export function add(good: RunRecord, ...seen: readonly Observation[]): RunRecord {
  return { ...good, observations: [...good.observations, ...seen] };
}

export function drop(good: RunRecord, seen: readonly Observation[]): RunRecord {
  return { ...good, observations: good.observations.filter((each) => !seen.includes(each)) };
}

export function before(
  good: RunRecord,
  mark: Observation,
  ...seen: readonly Observation[]
): RunRecord {
  const place = (each: Observation) => (each === mark ? [...seen, each] : [each]);
  return { ...good, observations: good.observations.flatMap(place) };
}

export function after(
  good: RunRecord,
  mark: Observation,
  ...seen: readonly Observation[]
): RunRecord {
  const place = (each: Observation) => (each === mark ? [each, ...seen] : [each]);
  return { ...good, observations: good.observations.flatMap(place) };
}

export function without(good: RunRecord, kind: Observation["kind"]): RunRecord {
  return { ...good, observations: good.observations.filter((each) => each.kind !== kind) };
}

export function change<K extends Observation["kind"]>(
  good: RunRecord,
  kind: K,
  to: (seen: Extract<Observation, { kind: K }>) => Observation,
): RunRecord {
  type Seen = Extract<Observation, { kind: K }>;
  const observations = good.observations.map((each) =>
    each.kind === kind ? to(each as Seen) : each,
  );
  return { ...good, observations };
}

export function placedSeeing(good: RunRecord, other: object): RunRecord {
  return change(good, "placed", (seen) => ({ ...seen, seen: { ...seen.seen, ...other } }));
}

/** One replica lacks all but the town's first event at the end. */
export function forget(good: RunRecord, replica: string): RunRecord {
  const finals = good.finals.map((final) => {
    if (final.of !== replica) return final;
    const heads = new Map(final.heads);
    for (const writer of heads.keys()) {
      if (writer.startsWith("town.")) heads.set(writer, { seq: 1, hash: "the first" });
    }
    return { ...final, heads };
  });
  return { ...good, finals };
}
