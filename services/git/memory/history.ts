import type { LogEntry } from "../git.ts";
import { readTrailers } from "../trailers.ts";
import type { Commit } from "./objects.ts";

/** Whether a commit is in the history of any of these. */
export function isWithin(commit: Commit, of: Iterable<Commit>): boolean {
  const seen = new Set<Commit>();
  const open = [...of];
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.id === commit.id) return true;
    if (next.generation <= commit.generation || seen.has(next)) continue;
    seen.add(next);
    for (const parent of next.parents) open.push(parent);
  }
  return false;
}

/** The newest commit that is in both histories; undefined where they share nothing. */
export function mergeBase(one: Commit, other: Commit): Commit | undefined {
  if (isWithin(other, [one])) return other;
  const reached = new Map<string, number>();
  const open: Commit[] = [];
  const reach = (commit: Commit, from: number) => {
    const before = reached.get(commit.id) ?? 0;
    if ((before | from) === before) return;
    reached.set(commit.id, before | from);
    if (before === 0) insert(open, commit);
  };
  reach(one, 1);
  reach(other, 2);
  // Newest generation first: nothing found later can have this one in its history.
  for (let next = open.pop(); next; next = open.pop()) {
    const from = reached.get(next.id) ?? 0;
    if (from === 3) return next;
    for (const parent of next.parents) reach(parent, from);
  }
  return undefined;
}

/** Keep commits in order of generation; ids decide between equals, so that a run repeats itself. */
function insert(open: Commit[], commit: Commit): void {
  let at = open.length;
  while (at > 0 && isNewer(open[at - 1], commit)) at -= 1;
  open.splice(at, 0, commit);
}

function isNewer(one: Commit | undefined, other: Commit): boolean {
  if (!one) return false;
  return one.generation === other.generation
    ? one.id > other.id
    : one.generation > other.generation;
}

/** The first parents of a commit, itself first, up to what is in the history of `since`. */
export function* firstParents(tip: Commit, since?: Commit): Generator<Commit> {
  for (let next: Commit | undefined = tip; next; next = next.parents[0]) {
    if (since && isWithin(next, [since])) return;
    yield next;
  }
}

/** A whole history without what is in that of `since`, the newest first. */
export function wholeHistory(tip: Commit, since?: Commit): Commit[] {
  const seen = new Set<Commit>();
  const open = [tip];
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next) || (since && isWithin(next, [since]))) continue;
    seen.add(next);
    for (const parent of next.parents) open.push(parent);
  }
  return [...seen].sort(
    (a, b) =>
      b.timeSeconds - a.timeSeconds || b.generation - a.generation || (a.id < b.id ? -1 : 1),
  );
}

/** How many commits of a history are in none of the others. */
export function countBeyond(commit: Commit, others: readonly Commit[]): number {
  const seen = new Set<Commit>();
  const open = [commit];
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next) || isWithin(next, others)) continue;
    seen.add(next);
    for (const parent of next.parents) open.push(parent);
  }
  return seen.size;
}

const entries = new WeakMap<Commit, LogEntry>();

/** A commit as a log tells it; read once, however often it is told. */
export function logEntry(commit: Commit): LogEntry {
  const known = entries.get(commit);
  if (known) return known;
  const { id, parents, message } = commit;
  const entry = {
    commit: id,
    parents: parents.map((parent) => parent.id),
    trailers: readTrailers(message),
  };
  entries.set(commit, entry);
  return entry;
}
