import type { BeadState, Element } from "#services/ledger/bead-state.ts";
import { readyBeads } from "#services/ledger/readiness.ts";
import type { World } from "#services/ledger/world.ts";

/**
 * The first bead in which two worlds that hold the same events differ. Values are told apart by
 * the events that they came from: a hash is all of its event, and comparing two is cheap.
 */
export function firstDifference(
  a: World,
  b: World,
  beads: Iterable<string>,
): { readonly bead: string; readonly what: string } | undefined {
  for (const bead of beads) {
    const [one, other] = [a.state(bead), b.state(bead)];
    const what = one && other ? differentPart(one, other) : one === other ? undefined : "being";
    if (what !== undefined) return { bead, what: `the ${what} of ${bead}` };
  }
  return undefined;
}

/** A bead that is ready in one of two worlds alone: their indexes say so, not their states. */
export function readyInOne(a: World, b: World, nowMs: number): string | undefined {
  const ready = new Set(readyBeads(b, nowMs).map(({ uid }) => uid));
  const here = readyBeads(a, nowMs).map(({ uid }) => uid);
  return here.find((uid) => !ready.delete(uid)) ?? [...ready][0];
}

function differentPart(a: BeadState, b: BeadState): string | undefined {
  if (!isSameMap(a.fields, b.fields, (x, y) => x.origin.hash === y.origin.hash)) return "fields";
  for (const part of ["creations", "claims", "releases", "spawns", "closes", "deletes"] as const) {
    const [one, other]: ReadonlyMap<string, { hash: string }>[] = [a[part], b[part]];
    if (!isSameMap(one ?? none, other ?? none, (x, y) => x.hash === y.hash)) return part;
  }
  if (!isSameMap(a.comments, b.comments, (x, y) => x.hash === y.hash)) return "comments";
  if (!isSameMap(a.labels, b.labels, isSameElement)) return "labels";
  if (!isSameMap(a.edges, b.edges, isSameElement)) return "edges";
  if (!isSameSet(a.reopened, b.reopened)) return "reopened closes";
  if (!isSameSet(a.uncommented, b.uncommented)) return "comments taken back";
  if (a.last?.hash !== b.last?.hash) return "last change";
  return a.tier?.origin.hash === b.tier?.origin.hash ? undefined : "tier";
}

const none: ReadonlyMap<string, { hash: string }> = new Map();

function isSameElement(a: Element<unknown>, b: Element<unknown>): boolean {
  return isSameMap(a.added, b.added, () => true) && isSameSet(a.removed, b.removed);
}

function isSameMap<T>(
  a: ReadonlyMap<string, T>,
  b: ReadonlyMap<string, T>,
  isSame: (a: T, b: T) => boolean,
): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a.entries()) {
    const other = b.get(key);
    if (other === undefined || !isSame(value, other)) return false;
  }
  return true;
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false;
  for (const each of a) if (!b.has(each)) return false;
  return true;
}
