import { expect, test } from "vitest";
import { claimBead } from "#services/ledger/drafts.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import { check, inOrder } from "./check.ts";
import { bead, makeRun, worker } from "./made-run.ts";
import { invariants } from "./names.ts";
import type { Observation } from "./observation.ts";
import type { RunRecord } from "./record.ts";

const run = await makeRun();

test("a run in which all goes well breaks nothing, and every invariant was looked at", () => {
  const { violations, looked } = check(run);
  expect(violations).toEqual([]);
  expect(invariants.filter((each) => looked[each] === 0)).toEqual([]);
  expect(invariants).toHaveLength(20);
});

test("observations of several watchers are put in the order of time", () => {
  expect(inOrder([...run.observations].reverse()).map(({ atMs }) => atMs)).toEqual(
    run.observations.map(({ atMs }) => atMs),
  );
});

type Bad = {
  readonly invariant: number;
  readonly what: string;
  readonly spoil: (run: RunRecord) => RunRecord;
  /** What the sentence has to name. */
  readonly seen: RegExp;
};

const event = {
  hash: "hash-of-a-lost-one",
  seq: 1,
  writer: "vm-a.0000",
  actor: "mayor",
  bead: "a1",
  op: "comment",
  values: {},
} as unknown as LedgerEvent;

const bad: readonly Bad[] = [
  {
    invariant: 1,
    what: "an acknowledged event is nowhere",
    spoil: (good) => add(good, { kind: "appended", atMs: 1, by: "vm-a", events: [event] }),
    seen: /vm-a was told at 0.001 s .* no replica has it/,
  },
  {
    invariant: 1,
    what: "a replica never got it",
    spoil: (good) => forget(without(good, "wiped"), "vm-a"),
    seen: /vm-a never got it/,
  },
  {
    invariant: 2,
    what: "an attempt is started on two machines",
    spoil: (good) => after(good, ended, ...respawned("1.1.0", "vm-b")),
    seen: /vm-b started .* and vm-a had started that attempt/,
  },
  {
    invariant: 2,
    what: "a bead has two workers on one machine",
    spoil: (good) => after(without(good, "capacity"), started, ...respawned("1.1.1")),
    seen: /started .* under 1.1.1 .* while its worker of 1.1.0 still ran/,
  },
  {
    invariant: 2,
    what: "a worker is started that nobody claimed",
    spoil: (good) => after(without(good, "capacity"), ended, ...respawned("2.1.0")),
    seen: /under 2.1.0 .* nobody made that claim/,
  },
  {
    invariant: 2,
    what: "a step of another attempt is taken for done",
    spoil: (good) => after(good, started, { ...effect, atMs: 102_000, epoch: "0.9.0", of: "s0" }),
    seen: /1.1.0 submitted .* step s0 was done under 0.9.0 alone/,
  },
  {
    invariant: 2,
    what: "a push takes a link out of the chain of authority",
    spoil: (good) => add(good, { ...moved, ref: "refs/gastown/authority", isForward: false }),
    seen: /the chain of authority of alpha from c1 to c2/,
  },
  {
    invariant: 2,
    what: "a deposed authority lands",
    spoil: (good) => before(good, landed, claimedBy("vm-b", "2.1")),
    seen: /vm-a landed it in alpha under 1.1.0 .* vm-b had claimed it under 2.1/,
  },
  {
    invariant: 2,
    what: "two processes claim in one term",
    spoil: (good) => after(good, claimed, claimedBy("vm-b", "1.3")),
    seen: /a term of rigs\/alpha 1 has two holders/,
  },
  {
    invariant: 3,
    what: "an attempt lands twice",
    spoil: (good) => add(good, { ...landed, commit: "c2" }),
    seen: /attempt 1.1.0 landed twice/,
  },
  {
    invariant: 4,
    what: "a retry is answered otherwise",
    spoil: (good) => add(good, { ...answered, result: "al-a2" }),
    seen: /answered al-a1 .* al-a2/,
  },
  {
    invariant: 5,
    what: "a bead is closed as merged before it landed",
    spoil: (good) => without(without(good, "ref"), "landed"),
    seen: /closed it as merged .* no target had c1/,
  },
  {
    invariant: 5,
    what: "a bead lands again in another attempt",
    spoil: (good) => add(good, { ...landed, commit: "c2", epoch: "1.2.0", request: "mr2" }),
    seen: /landed 1.2.0 .* though 1.1.0 had landed/,
  },
  {
    invariant: 5,
    what: "a bead that landed is claimed again",
    spoil: (good) => after(good, landed, claimedBy("vm-a", "3.1")),
    seen: /vm-a claimed it under 3.1 .* though 1.1.0 had landed/,
  },
  {
    invariant: 6,
    what: "another tree landed than was tested",
    spoil: (good) => change(good, "gate", (seen) => ({ ...seen, tree: "t0" })),
    seen: /test had not passed on its tree t1/,
  },
  {
    invariant: 6,
    what: "the gate failed",
    spoil: (good) => change(good, "gate", (seen) => ({ ...seen, passed: false })),
    seen: /test had not passed/,
  },
  {
    invariant: 7,
    what: "a push of ours rewrites the target",
    spoil: (good) => add(good, { ...moved, isForward: false }),
    seen: /vm-a moved the target of alpha from c1 to c2/,
  },
  {
    invariant: 7,
    what: "what landed does not pass its gates",
    spoil: (good) => change(good, "landed", (seen) => ({ ...seen, holds: false })),
    seen: /its gates do not pass there/,
  },
  {
    invariant: 8,
    what: "a worktree is removed with work in it that is nowhere else",
    spoil: (good) => change(good, "destroyed", (seen) => ({ ...seen, held: [] })),
    seen: /removed the worktree of 1.1.0 .* nothing else held w1/,
  },
  {
    invariant: 8,
    what: "a disk takes work with it that should have been saved long before",
    spoil: (good) =>
      add(good, { ...disk, unsaved: [{ bead: "a1", ageMs: 70_000, wasAway: false }] }),
    seen: /unsaved for 70.000 s/,
  },
  {
    invariant: 9,
    what: "two replicas hold the same events and differ",
    spoil: (good) => ({
      ...good,
      finals: good.finals.map((each) => ({ ...each, state: each.of })),
    }),
    seen: /town and vm-a hold the same events and differ/,
  },
  {
    invariant: 10,
    what: "a closed bead is open by something else than a reopen",
    spoil: (good) => add(good, { ...folded, isEnded: false, op: "set" }),
    seen: /to vm-a it was closed since .* open by a set/,
  },
  {
    invariant: 11,
    what: "a machine runs more than it has room for",
    spoil: (good) => before(good, started, { ...capacity, polecatsMax: 0 }),
    seen: /vm-a has room for 0 and ran 1/,
  },
  {
    invariant: 11,
    what: "a rig has more workers than it may",
    spoil: (good) => {
      const many = after(good, capacity, { ...capacity, polecatsMax: 9 });
      const other = claimedBy("vm-a", "1.7", "a7");
      const [begun, over] = respawned("1.7.0").map((each) => ({ ...each, bead: "a7" }));
      return after(many, started, other, ...([begun, over] as Observation[]));
    },
    seen: /alpha may have 1 and had 2/,
  },
  {
    invariant: 12,
    what: "a claim ignores a cordon",
    spoil: (good) => placedSeeing(good, { state: "cordoned" }),
    seen: /claimed it for vm-a under 1.1 .* vm-a is cordoned/,
  },
  {
    invariant: 12,
    what: "a claim ignores a pin",
    spoil: (good) => placedSeeing(good, { pinned: "vm-b" }),
    seen: /only vm-b may work on it/,
  },
  {
    invariant: 12,
    what: "a claim ignores what the bead waits for",
    spoil: (good) => placedSeeing(good, { blocked: ["waits for al-0"] }),
    seen: /waits for al-0/,
  },
  {
    invariant: 13,
    what: "a stuck polecat is left alone",
    spoil: (good) => drop(good, [ended, drained]),
    seen: /was stuck at .* and still is/,
  },
  {
    invariant: 14,
    what: "a watch misses an event",
    spoil: (good) => add(good, { ...watched, position: 4 }),
    seen: /after 2 it was given 4/,
  },
  {
    invariant: 14,
    what: "a watch ends before all was told",
    spoil: (good) => add(good, { ...watched, what: "end", position: 3 }),
    seen: /after 2 it ended with 3 to tell/,
  },
  {
    invariant: 15,
    what: "a polecat reaches another rig's code",
    spoil: (good) => change(good, "access", (seen) => ({ ...seen, reached: true })),
    seen: /nux reached rigs\/beta/,
  },
  {
    invariant: 15,
    what: "a machine pushes another's branch of the ledger",
    spoil: (good) =>
      add(good, { ...moved, remote: "ledger", ref: "refs/heads/machines/vm-b", isForward: true }),
    seen: /vm-a moved refs\/heads\/machines\/vm-b .* vm-b's/,
  },
  {
    invariant: 16,
    what: "a change was told as made, and no entry says so",
    spoil: (good) => add(good, { ...answered, request: "another" }),
    seen: /told overseer .* no entry says so/,
  },
  {
    invariant: 16,
    what: "an entry names somebody else",
    spoil: (good) => change(good, "answered", (seen) => ({ ...seen, principal: "ann" })),
    seen: /told ann .* names overseer/,
  },
  {
    invariant: 17,
    what: "what was wiped does not come back",
    spoil: (good) => forget(good, "vm-a"),
    seen: /vm-a lost its clone .* has not got back \d+ events/,
  },
  {
    invariant: 18,
    what: "a drain is told done with a worker left",
    spoil: (good) => add(drop(good, [ended]), ended),
    seen: /vm-a said at .* drain is done, with 1 left, one of them .*nux/,
  },
  {
    invariant: 19,
    what: "a machine that was never silent is held for lost",
    spoil: (good) => without(good, "silence"),
    seen: /deacon held it for lost .* silent for 0.000 s alone/,
  },
  {
    invariant: 20,
    what: "the town does not come to rest",
    spoil: (good) => ({ ...good, ending: { ...good.ending, unfinished: ["al-a1 is open"] } }),
    seen: /al-a1 is open .* all faults over/,
  },
];

test.for(bad)("$invariant: $what", ({ invariant, spoil, seen }) => {
  const { violations } = check(spoil(run));
  const broken = new Set(violations.map((each) => each.invariant));
  expect([...broken]).toEqual([invariant]);
  expect(violations.some((each) => seen.test(each.seen))).toBe(true);
});

test("each invariant has a run that breaks it alone", () => {
  const shown = new Set(bad.map(({ invariant }) => invariant));
  expect(invariants.filter((each) => !shown.has(each))).toEqual([]);
});

test("20: a worker that nobody ended is told by the checker", () => {
  const { violations } = check(drop(run, [ended, stuck, drained]));
  expect(violations.map((each) => each.seen)).toEqual([
    expect.stringMatching(/nux under 1.1.0 still runs on vm-a/),
  ]);
});

test("13: a bead that is ready at the end, with a machine for it, was forgotten", async () => {
  const forgotten = await makeRun(async ({ town }) => {
    await town.append("overseer", [bead("a2")]);
  });
  const { violations } = check(forgotten);
  expect(violations.map((each) => [each.invariant, each.concerns])).toEqual([[13, "a2"]]);
  const gone = { ...forgotten.ending, gone: ["vm-a", "vm-b"] };
  expect(check({ ...forgotten, ending: gone }).violations).toEqual([]);
});

test("20: a claim on which nobody works is told by the checker", async () => {
  const claimed = await makeRun(async ({ town, machine, share }) => {
    await town.append("overseer", [bead("a2")]);
    share();
    await machine.append("rigs/alpha/authority", [
      claimBead("a2", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/slit" }),
    ]);
  });
  const { violations } = check(claimed);
  expect(violations.map((each) => each.seen)).toEqual([
    expect.stringMatching(/al-a2 is held under 1.1 on vm-a, where nobody works on it/),
  ]);
});

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

const started = find("worker", ({ what }) => what === "started");
const ended = find("worker", ({ what }) => what === "ended");
const stuck = find("worker", ({ what }) => what === "stuck");
const claimed = find("appended", ({ events }) => events.some(({ op }) => op === "claim"));
const drained = find("appended", ({ events }) => events[0]?.actor === "machines/vm-a");
const effect = find("effect", ({ what }) => what === "step");
const landed = find("landed");
const answered = find("answered");
const folded = find("folded", ({ isHolder }) => isHolder);
const watched = find("watched", ({ what }) => what === "event");
const capacity = find("capacity", ({ of }) => of === "machine");
const disk = {
  kind: "disk",
  atMs: 1,
  machine: "vm-a",
  what: "gone",
  held: new Set<string>(),
} as const;
const moved = { ...find("ref"), from: "c1", to: "c2" };

function respawned(epoch: string, machine = "vm-a"): Observation[] {
  const again = { ...worker, kind: "worker", atMs: 103_000, epoch, machine } as const;
  return [
    { ...again, what: "started" },
    { ...again, what: "ended" },
  ];
}

/** A claim that a process appended, whatever else it knew. */
function claimedBy(by: string, epoch: string, of = "a1"): Observation {
  const values = { machine: "vm-a", polecat: worker.agent };
  const term = epoch.split(".")[0];
  // Events that every replica has, so that nothing is missing at the end.
  const hash = claimed.events[0]?.hash;
  const own = term === "1" ? claimed.events[0]?.writer : undefined;
  const writer = by === "vm-a" && own ? own : `${by}.t${term}00`;
  const made = { ...event, hash, seq: 0, writer, bead: of, op: "claim", epoch, values };
  return { kind: "appended", atMs: 103_500, by, events: [made as unknown as LedgerEvent] };
}

function add(good: RunRecord, ...seen: readonly Observation[]): RunRecord {
  return { ...good, observations: [...good.observations, ...seen] };
}

function drop(good: RunRecord, seen: readonly Observation[]): RunRecord {
  return { ...good, observations: good.observations.filter((each) => !seen.includes(each)) };
}

function before(good: RunRecord, mark: Observation, ...seen: readonly Observation[]): RunRecord {
  const place = (each: Observation) => (each === mark ? [...seen, each] : [each]);
  return { ...good, observations: good.observations.flatMap(place) };
}

function after(good: RunRecord, mark: Observation, ...seen: readonly Observation[]): RunRecord {
  const place = (each: Observation) => (each === mark ? [each, ...seen] : [each]);
  return { ...good, observations: good.observations.flatMap(place) };
}

function without(good: RunRecord, kind: Observation["kind"]): RunRecord {
  return { ...good, observations: good.observations.filter((each) => each.kind !== kind) };
}

function change<K extends Observation["kind"]>(
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

function placedSeeing(good: RunRecord, other: object): RunRecord {
  return change(good, "placed", (seen) => ({ ...seen, seen: { ...seen.seen, ...other } }));
}

/** One replica lacks all but the town's first event at the end. */
function forget(good: RunRecord, replica: string): RunRecord {
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
