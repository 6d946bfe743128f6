import {
  type BeadState,
  compareOrigins,
  type Element,
  edgeKey,
  emptyElement,
  type Json,
  type Origin,
  withEntry,
  withMember,
} from "./bead-state.ts";
import { claimEpoch } from "./epoch.ts";
import type { LedgerEvent, Operation, Values } from "./event.ts";
import { supersedes } from "./field-order.ts";

type Apply<O extends Operation> = (
  bead: BeadState,
  values: Values<O>,
  origin: Origin,
  event: LedgerEvent,
) => void;

/**
 * Fold one event into its bead.
 *
 * Commutative, associative and idempotent: any order, any repetition, the same state. Operations of
 * a later version change nothing here and are kept in the event log.
 */
export function foldEvent(bead: BeadState, event: LedgerEvent): void {
  const origin: Origin = {
    stamp: event.clock,
    writer: shared(event.writer),
    hash: event.hash,
    actor: shared(event.actor),
  };
  const isNewest = !bead.last || compareOrigins(origin, bead.last) > 0;
  if (isNewest && event.op !== "tier") bead.last = origin;
  if (!Object.hasOwn(rules, event.op)) return; // Also `constructor` and the like.
  const apply = rules[event.op as Operation] as Apply<Operation>;
  apply(bead, event.values as Values<Operation>, origin, event);
}

const rules: { readonly [O in Operation]: Apply<O> } = {
  create: (bead, values, origin) => {
    const creation = { ...origin, id: values.id };
    bead.creations = withEntry(bead.creations, origin.hash, creation);
    writeFields(bead, values.fields, origin);
    for (const label of values.labels ?? []) addLabel(bead, label, origin);
    for (const edge of values.edges ?? []) addEdge(bead, edge, origin);
    (values.comments ?? []).forEach((comment, index) => {
      addComment(bead, comment, origin, `${origin.hash.slice(0, 12)}-${index}`);
    });
  },
  set: (bead, values, origin) => writeFields(bead, values.fields, origin),
  label: (bead, values, origin) => {
    for (const label of values.add) addLabel(bead, label, origin);
  },
  unlabel: (bead, values) => {
    for (const [label, seen] of Object.entries(values.remove)) {
      bead.labels = withElement(bead.labels, label, (element) => {
        for (const hash of seen) element.removed = withMember(element.removed, hash);
      });
    }
  },
  link: (bead, values, origin) => {
    for (const edge of values.add) addEdge(bead, edge, origin);
  },
  unlink: (bead, values) => {
    for (const [key, seen] of Object.entries(values.remove)) {
      bead.edges = withElement(bead.edges, key, (element) => {
        for (const hash of seen) element.removed = withMember(element.removed, hash);
      });
    }
  },
  comment: (bead, values, origin) => {
    addComment(bead, values, origin, values.id ?? origin.hash.slice(0, 12));
  },
  uncomment: (bead, values) => {
    for (const id of values.remove) bead.uncommented = withMember(bead.uncommented, id);
  },
  claim: (bead, values, origin, { epoch }) => {
    if (epoch === undefined) return;
    const { machine, polecat, cursor } = values;
    const claim = claimEpoch(epoch);
    bead.claims = keepFirst(bead.claims, claim, {
      ...origin,
      epoch: claim,
      machine,
      polecat,
      cursor,
    });
  },
  spawn: (bead, values, origin, { epoch }) => {
    if (epoch === undefined) return;
    bead.spawns = keepFirst(bead.spawns, epoch, {
      ...origin,
      epoch,
      session: values.session,
      machine: values.machine,
    });
  },
  release: (bead, values, origin, { epoch }) => {
    if (epoch === undefined) return;
    const { reason, exit } = values;
    const claim = claimEpoch(epoch);
    const record = { ...origin, epoch: claim, reason, exit };
    const held = bead.releases.get(claim);
    // What was taken from a worker was over before it left, whatever the two clocks say.
    const isTaken = exit === undefined && held?.exit !== undefined;
    if (held?.exit === undefined && held && exit !== undefined) return;
    bead.releases = isTaken
      ? withEntry(bead.releases, claim, record)
      : keepFirst(bead.releases, claim, record);
  },
  close: (bead, values, origin, { epoch }) => {
    const { close, kind, reason, commit, request, closed_at: closedAt } = values;
    const record = { ...origin, close, kind, reason, epoch, closedAt, commit, request };
    bead.closes = keepFirst(bead.closes, close, record);
  },
  reopen: (bead, values) => {
    for (const close of values.closes) bead.reopened = withMember(bead.reopened, close);
  },
  delete: (bead, values, origin) => {
    const { reason, digest } = values;
    bead.deletes = withEntry(bead.deletes, origin.hash, { ...origin, reason, digest });
  },
  tier: (bead, values, origin) => {
    const held = bead.tier;
    if (held && compareOrigins(held.origin, origin) >= 0) return;
    bead.tier = { origin, value: values.tier };
  },
};

/** Fields whose few values recur from bead to bead. */
const named = new Set(["status", "issue_type", "assignee", "created_by"]);
const copies = new Map<string, string>();
const copiesMax = 10_000;

/** One copy of a name that many events carry: each line that is read makes one of its own. */
function shared(name: string): string {
  const held = copies.get(name);
  if (held !== undefined) return held;
  if (copies.size < copiesMax) copies.set(name, name);
  return name;
}

function writeFields(bead: BeadState, fields: Record<string, unknown>, origin: Origin): void {
  for (const [name, value] of Object.entries(fields)) {
    const held = bead.fields.get(name);
    const kept = typeof value === "string" && named.has(name) ? shared(value) : value;
    const write = { origin, value: kept as Json };
    if (held && !supersedes(name, write, held)) continue;
    bead.fields = withEntry(bead.fields, name, write);
  }
}

function addLabel(bead: BeadState, label: string, origin: Origin): void {
  bead.labels = withElement(bead.labels, label, (element) => {
    element.added = withEntry(element.added, origin.hash, { ...origin, value: label });
  });
}

function addEdge(bead: BeadState, edge: Values<"link">["add"][number], origin: Origin): void {
  bead.edges = withElement(bead.edges, edgeKey(edge), (element) => {
    element.added = withEntry(element.added, origin.hash, { ...origin, value: edge });
  });
}

function addComment(
  bead: BeadState,
  { author, text, created_at: createdAt, id }: Values<"comment">,
  origin: Origin,
  ownId: string,
): void {
  const key = id ?? ownId;
  bead.comments = keepFirst(bead.comments, key, { ...origin, id: key, author, text, createdAt });
}

/** Two records under one key: the earlier stays, whichever came first. */
function keepFirst<T extends Origin>(records: ReadonlyMap<string, T>, key: string, record: T) {
  const held = records.get(key);
  const isFirst = !held || compareOrigins(record, held) < 0;
  return isFirst ? withEntry(records, key, record) : records;
}

function withElement<T>(
  elements: ReadonlyMap<string, Element<T>>,
  key: string,
  change: (element: Element<T>) => void,
): ReadonlyMap<string, Element<T>> {
  const held = elements.get(key);
  const element = held ?? emptyElement<T>();
  change(element);
  return held ? elements : withEntry(elements, key, element);
}
