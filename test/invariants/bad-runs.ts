import type { Observation } from "./observation.ts";
import type { RunRecord } from "./record.ts";
import {
  add,
  after,
  answered,
  before,
  capacity,
  change,
  claimed,
  claimedBy,
  disk,
  drained,
  drop,
  effect,
  ended,
  event,
  folded,
  forget,
  landed,
  moved,
  placedSeeing,
  respawned,
  started,
  watched,
  without,
} from "./spoil.ts";

/** One way in which a run is bad, and what is said of it. */
export type Bad = {
  readonly invariant: number;
  readonly what: string;
  readonly spoil: (run: RunRecord) => RunRecord;
  /** What the sentence has to name. */
  readonly seen: RegExp;
};

/** At least one for each invariant. */
export const bad: readonly Bad[] = [
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
