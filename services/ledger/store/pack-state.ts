import {
  type BeadState,
  type ClaimRecord,
  type CloseRecord,
  type CommentRecord,
  type Creation,
  type DeleteRecord,
  type Element,
  emptyBead,
  emptyElement,
  type Json,
  type Origin,
  type Register,
  type ReleaseRecord,
  type SpawnRecord,
  withEntry,
  withMember,
} from "../bead-state.ts";
import type { Cursor, EdgeValue } from "../event.ts";

/** `[ms, count, writer, hash, actor]`. */
type PackedOrigin = [number, number, string, string, string];
/** The number of an origin in the list of them, and what it wrote. */
type Packed = [origin: number, ...values: (Json | undefined)[]];
type PackedElement = [added: Packed[], removed?: string[]];

/** A bead's state as JSON: every stamp and every removal, each origin once. */
type PackedState = {
  /** Origins. */
  o: PackedOrigin[];
  /** Creations, fields, labels, edges, comments, … by the first letters of their names. */
  c: Packed[];
  f: Record<string, Packed>;
  l?: Record<string, PackedElement>;
  e?: Record<string, PackedElement>;
  m?: Packed[];
  um?: string[];
  cl?: Packed[];
  re?: Packed[];
  sp?: Packed[];
  x?: Packed[];
  ro?: string[];
  d?: Packed[];
  t?: Packed;
  /** The newest write. */
  n: number;
};

/** Write a bead's state as one line of JSON, without its uid. */
export function packState(state: BeadState): string {
  const origins = new Map<string, number>();
  const o: PackedOrigin[] = [];
  const at = ({ stamp, writer, hash, actor }: Origin): number => {
    const held = origins.get(hash);
    if (held !== undefined) return held;
    origins.set(hash, o.length);
    return o.push([stamp[0], stamp[1], writer, hash, actor]) - 1;
  };
  const records = <R extends Origin>(
    of: ReadonlyMap<string, R>,
    values: (record: R) => (Json | undefined)[],
  ): Packed[] => Array.from(of.values(), (record): Packed => [at(record), ...values(record)]);
  const elements = <T extends Json>(of: ReadonlyMap<string, Element<T>>) => {
    const packed = Array.from(of, ([key, { added, removed }]): [string, PackedElement] => {
      const additions = Array.from(added.values(), (each): Packed => [at(each), each.value]);
      return [key, removed.size > 0 ? [additions, [...removed]] : [additions]];
    });
    return Object.fromEntries(packed);
  };
  const fields = Array.from(state.fields, ([name, { origin, value }]): [string, Packed] => {
    return [name, [at(origin), value]];
  });
  const packed: PackedState = {
    o,
    c: records(state.creations, ({ id }) => [id]),
    f: Object.fromEntries(fields),
    n: state.last ? at(state.last) : -1,
  };
  if (state.labels.size > 0) packed.l = elements(state.labels);
  if (state.edges.size > 0) packed.e = elements(state.edges as ReadonlyMap<string, Element<Json>>);
  if (state.comments.size > 0) {
    packed.m = records(state.comments, ({ id, author, text, createdAt }) => {
      return [id, author, text, createdAt];
    });
  }
  if (state.uncommented.size > 0) packed.um = [...state.uncommented];
  packAttempts(state, packed, records);
  if (state.tier) packed.t = [at(state.tier.origin), state.tier.value];
  return JSON.stringify(packed);
}

type Records = <R extends Origin>(
  of: ReadonlyMap<string, R>,
  values: (record: R) => (Json | undefined)[],
) => Packed[];

function packAttempts(state: BeadState, packed: PackedState, records: Records): void {
  if (state.claims.size > 0) {
    packed.cl = records(state.claims, ({ epoch, machine, polecat, cursor }) => {
      return [epoch, machine, polecat, cursor as Json | undefined];
    });
  }
  if (state.releases.size > 0) {
    packed.re = records(state.releases, ({ epoch, reason, exit }) => [epoch, reason, exit]);
  }
  if (state.spawns.size > 0) {
    packed.sp = records(state.spawns, ({ epoch, session, machine }) => [epoch, session, machine]);
  }
  if (state.closes.size > 0) {
    packed.x = records(state.closes, (each) => {
      const { close, kind, reason, epoch, closedAt, commit, request } = each;
      return [close, kind, reason, epoch, closedAt, commit, request];
    });
  }
  if (state.reopened.size > 0) packed.ro = [...state.reopened];
  if (state.deletes.size > 0) {
    packed.d = records(state.deletes, ({ reason, digest }) => [reason, digest]);
  }
}

/** Read what {@link packState} wrote. */
export function unpackState(uid: string, text: string): BeadState {
  const packed = JSON.parse(text) as PackedState;
  const origins = packed.o.map(([ms, count, writer, hash, actor]): Origin => {
    return { stamp: [ms, count], writer, hash, actor };
  });
  const at = (index: number): Origin => origins[index] as Origin;
  const state = emptyBead(uid);
  for (const [origin, id] of packed.c) {
    const creation = { ...at(origin), id } as Creation;
    state.creations = withEntry(state.creations, creation.hash, creation);
  }
  for (const [name, [origin, value]] of Object.entries(packed.f)) {
    const register = { origin: at(origin), value } as Register;
    state.fields = withEntry(state.fields, name, register);
  }
  state.labels = unpackElements<string>(packed.l, at);
  state.edges = unpackElements<EdgeValue>(packed.e, at);
  for (const [origin, id, author, text, createdAt] of packed.m ?? []) {
    const comment = { ...at(origin), id, author, text, createdAt: some(createdAt) };
    state.comments = withEntry(state.comments, String(id), comment as CommentRecord);
  }
  for (const id of packed.um ?? []) state.uncommented = withMember(state.uncommented, id);
  unpackAttempts(state, packed, at);
  if (packed.t) state.tier = { origin: at(packed.t[0]), value: packed.t[1] as Json };
  state.last = origins[packed.n];
  return state;
}

function unpackAttempts(state: BeadState, packed: PackedState, at: (index: number) => Origin) {
  for (const [origin, epoch, machine, polecat, cursor] of packed.cl ?? []) {
    const held = some(cursor) as Cursor | undefined;
    const claim = { ...at(origin), epoch, machine, polecat, cursor: held } as ClaimRecord;
    state.claims = withEntry(state.claims, claim.epoch, claim);
  }
  for (const [origin, epoch, reason, exit] of packed.re ?? []) {
    const release = { ...at(origin), epoch, reason, exit: some(exit) } as ReleaseRecord;
    state.releases = withEntry(state.releases, release.epoch, release);
  }
  for (const [origin, epoch, session, machine] of packed.sp ?? []) {
    const spawn = { ...at(origin), epoch, session, machine } as SpawnRecord;
    state.spawns = withEntry(state.spawns, spawn.epoch, spawn);
  }
  for (const [origin, close, kind, reason, ...rest] of packed.x ?? []) {
    const [epoch, closedAt, commit, request] = rest.map(some);
    const ending = { close, kind, reason, epoch, closedAt, commit, request };
    const record = { ...at(origin), ...ending } as CloseRecord;
    state.closes = withEntry(state.closes, record.close, record);
  }
  for (const close of packed.ro ?? []) state.reopened = withMember(state.reopened, close);
  for (const [origin, reason, digest] of packed.d ?? []) {
    const record = { ...at(origin), reason, digest: some(digest) } as DeleteRecord;
    state.deletes = withEntry(state.deletes, record.hash, record);
  }
}

function unpackElements<T>(
  packed: Record<string, PackedElement> | undefined,
  at: (index: number) => Origin,
): ReadonlyMap<string, Element<T>> {
  let elements = emptyBead("").labels as unknown as ReadonlyMap<string, Element<T>>;
  for (const [key, [added, removed = []]] of Object.entries(packed ?? {})) {
    const element = emptyElement<T>();
    for (const [origin, value] of added) {
      const addition = { ...at(origin), value: value as T };
      element.added = withEntry(element.added, addition.hash, addition);
    }
    for (const hash of removed) element.removed = withMember(element.removed, hash);
    elements = withEntry(elements, key, element);
  }
  return elements;
}

/** JSON has no undefined: in an array it becomes null. */
function some(value: Json | undefined): Json | undefined {
  return value === null ? undefined : value;
}
