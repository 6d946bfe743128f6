/** The invariants of faults.md by number, each in a few words. */
export const invariantNames: Readonly<Record<number, string>> = {
  1: "no acknowledged event is lost",
  2: "one effective worker per bead",
  3: "an attempt lands at most once",
  4: "one request, one result",
  5: "merged means landed, and landed means merged",
  6: "the landed tree is the tested tree",
  7: "the target moves forward and its gates pass",
  8: "no work is gone before it landed or was released",
  9: "the same events, the same state",
  10: "a terminal state does not regress",
  11: "capacity is never exceeded",
  12: "nothing is placed where it may not be",
  13: "every ready bead is dispatched, every stuck polecat handled",
  14: "a watch sees each event once, in order, or is told of the gap",
  15: "nobody reaches what is another's",
  16: "every change names its principal once",
  17: "what was wiped comes back",
  18: "drained means empty",
  19: "no pause makes anyone lost",
  20: "when faults stop, quiet comes",
};

/** Every invariant's number. */
export const invariants: readonly number[] = Object.keys(invariantNames).map(Number);
