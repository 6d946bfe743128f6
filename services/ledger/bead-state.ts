import { compareStamps, type Stamp } from "./clock.ts";
import type { Cursor, EdgeValue } from "./event.ts";
import { OneEntry } from "./one-entry.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Where a value came from; orders concurrent writes the same way on every replica. */
export type Origin = {
  readonly stamp: Stamp;
  readonly writer: string;
  readonly hash: string;
  readonly actor: string;
};

/** One scalar field: the last write by (clock, writer, hash). The origin is its whole event's. */
export type Register = { readonly origin: Origin; readonly value: Json };

/** One creation of the bead; a retry at another endpoint makes a second one of the same uid. */
export type Creation = Origin & { readonly id: string };

/**
 * Additions and removals of one element; it is there while an addition is not named by a removal.
 */
export type Element<T> = {
  added: ReadonlyMap<string, Origin & { readonly value: T }>;
  removed: ReadonlySet<string>;
};

export type CommentRecord = Origin & {
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly createdAt: string | undefined;
};

export type ClaimRecord = Origin & {
  readonly epoch: string;
  readonly machine: string;
  readonly polecat: string;
  readonly cursor: Cursor | undefined;
};

export type ReleaseRecord = Origin & {
  readonly epoch: string;
  readonly reason: string;
  readonly exit: string | undefined;
};

export type SpawnRecord = Origin & {
  readonly epoch: string;
  readonly session: string;
  readonly machine: string;
};

export type CloseRecord = Origin & {
  readonly close: string;
  readonly kind: string;
  readonly reason: string;
  readonly epoch: string | undefined;
  readonly closedAt: string | undefined;
  readonly commit: string | undefined;
  readonly request: string | undefined;
};

export type DeleteRecord = Origin & {
  readonly reason: string;
  readonly digest: string | undefined;
};

/**
 * Everything that is known of one bead, as a join of its events: no order of arrival shows in it.
 */
export type BeadState = {
  readonly uid: string;
  creations: ReadonlyMap<string, Creation>;
  fields: ReadonlyMap<string, Register>;
  labels: ReadonlyMap<string, Element<string>>;
  edges: ReadonlyMap<string, Element<EdgeValue>>;
  comments: ReadonlyMap<string, CommentRecord>;
  /** Comments that were taken back, by id; one taken back stays so. */
  uncommented: ReadonlySet<string>;
  claims: ReadonlyMap<string, ClaimRecord>;
  releases: ReadonlyMap<string, ReleaseRecord>;
  spawns: ReadonlyMap<string, SpawnRecord>;
  closes: ReadonlyMap<string, CloseRecord>;
  reopened: ReadonlySet<string>;
  deletes: ReadonlyMap<string, DeleteRecord>;
  /** Where it was moved last. */
  tier: Register | undefined;
  /** The newest write of any kind but a move between tiers. */
  last: Origin | undefined;
};

// Of what a bead can have, most have little: all that is empty is one object.
const noMap: ReadonlyMap<string, never> = new Map<string, never>();
const noSet: ReadonlySet<string> = new Set();

/** Put one entry into a map of a bead's state; write the result back in its place. */
export function withEntry<V>(
  map: ReadonlyMap<string, V>,
  key: string,
  value: V,
): ReadonlyMap<string, V> {
  const isAlone = map.size === 0 || (map instanceof OneEntry && map.has(key));
  if (isAlone) return new OneEntry(key, value);
  return (map instanceof Map ? (map as Map<string, V>) : new Map(map)).set(key, value);
}

/** Put one member into a set of a bead's state; write the result back in its place. */
export function withMember(set: ReadonlySet<string>, member: string): ReadonlySet<string> {
  return (set === noSet ? new Set<string>() : (set as Set<string>)).add(member);
}

/** An element that was neither added nor removed yet. */
export function emptyElement<T>(): Element<T> {
  return { added: noMap, removed: noSet };
}

/** A bead of which nothing is known yet. */
export function emptyBead(uid: string): BeadState {
  return {
    uid,
    creations: noMap,
    fields: noMap,
    labels: noMap,
    edges: noMap,
    comments: noMap,
    uncommented: noSet,
    claims: noMap,
    releases: noMap,
    spawns: noMap,
    closes: noMap,
    reopened: noSet,
    deletes: noMap,
    tier: undefined,
    last: undefined,
  };
}

/**
 * Order two writes: negative where `a` is earlier. The hash settles what clock and writer do not.
 */
export function compareOrigins(a: Origin, b: Origin): number {
  return (
    compareStamps(a.stamp, b.stamp) ||
    (a.writer < b.writer ? -1 : a.writer > b.writer ? 1 : 0) ||
    (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0)
  );
}

/** The key of an edge among a bead's edges. */
export function edgeKey(edge: Pick<EdgeValue, "to" | "type">): string {
  return `${edge.type} ${edge.to}`;
}

/** The additions of an element that no removal names, the earliest first. */
export function liveAdditions<T>(element: Element<T>): (Origin & { readonly value: T })[] {
  const live = [...element.added.values()].filter(({ hash }) => !element.removed.has(hash));
  return live.sort(compareOrigins);
}
