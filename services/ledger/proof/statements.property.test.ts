import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bead } from "../bead.ts";
import { edgeKey } from "../bead-state.ts";
import { Beads } from "../beads.ts";
import { compareStamps } from "../clock.ts";
import { claimEpoch, compareEpochs } from "../epoch.ts";
import type { LedgerEvent, Values } from "../event.ts";
import { fieldsOf, type Happened, type History, makeHistory, tapeSizes } from "./history.ts";
import { addsEdge, addsLabel, commentId, labels, uids } from "./made-draft.ts";

const tapes = tapeSizes.map(({ weight, ...length }) => {
  return { weight, arbitrary: fc.uint8Array({ ...length, size: "max" }) };
});
const histories = fc.oneof(...tapes).map(makeHistory);

const runs = { numRuns: 1_100 };

/** Check each bead that exists against what was done to it. */
function holds(check: (bead: Bead, its: History, all: History) => void): void {
  fc.assert(
    fc.property(histories, (happened) => {
      const world = new Beads();
      for (const { event } of happened) world.fold(event);
      for (const uid of uids) {
        const bead = world.bead(uid);
        const its = happened.filter(({ event }) => event.bead === uid);
        if (bead) check(bead, its, happened);
      }
    }),
    runs,
  );
}

/** What an element's additions and removals must come to, told from who had seen what. */
function survives(additions: History, removals: History): boolean {
  return additions.some((added) => !removals.some((removal) => removal.saw(added)));
}

function of(its: History, op: string): History {
  return its.filter(({ event }) => event.op === op);
}

function names(removal: Happened, key: string): boolean {
  return Object.hasOwn(removal.event.values["remove"] as object, key);
}

test("a removal takes away what it saw, and no addition beside it or after it", () => {
  holds((bead, its) => {
    for (const label of labels) {
      const additions = its.filter((each) => addsLabel(each, label));
      const removals = of(its, "unlabel").filter((removal) => names(removal, label));
      expect(bead.labels.includes(label)).toBe(survives(additions, removals));
    }
    const edges = new Map(bead.dependencies.map((edge) => [edgeKey(edge), edge]));
    const added = its.flatMap(({ event }) => edgeKeysOf(event));
    for (const key of new Set([...added, ...edges.keys()])) {
      const additions = its.filter((each) => addsEdge(each, key));
      const removals = of(its, "unlink").filter((removal) => names(removal, key));
      expect(edges.has(key)).toBe(survives(additions, removals));
    }
  });
});

function edgeKeysOf({ op, values }: LedgerEvent): string[] {
  if (op === "link") return (values as Values<"link">).add.map(edgeKey);
  return op === "create" ? ((values as Values<"create">).edges ?? []).map(edgeKey) : [];
}

test("a field has its last write, and that is never one which another write had seen", () => {
  holds((bead, its) => {
    const seen: Record<string, unknown> = { ...bead.fields, title: bead.title || null };
    for (const name of ["title", "zz_later", "gt.work"]) {
      const all = its.filter(({ event }) => Object.hasOwn(fieldsOf(event), name));
      const last = all.toSorted(byOrigin).at(-1);
      const value = last && fieldsOf(last.event)[name];
      expect(seen[name] ?? null).toEqual(value ?? null);
      if (last) expect(all.filter((other) => other !== last && other.saw(last))).toEqual([]);
    }
  });
});

function byOrigin({ event: a }: Happened, { event: b }: Happened): number {
  const byWriter = a.writer < b.writer ? -1 : Number(a.writer > b.writer);
  return compareStamps(a.clock, b.clock) || byWriter || (a.hash < b.hash ? -1 : 1);
}

test("the claim with the highest epoch is the one that is shown", () => {
  holds((bead, its) => {
    const claims = of(its, "claim").flatMap(({ event }) => event.epoch ?? []);
    const highest = claims.map(claimEpoch).sort(compareEpochs).at(-1);
    expect(bead.claim?.epoch).toBe(highest);
    const released = of(its, "release").some(({ event }) => isUnder(event.epoch, highest));
    expect(bead.claim?.released ?? false).toBe(highest !== undefined && released);
  });
});

function isUnder(epoch: string | undefined, claim: string | undefined): boolean {
  return epoch !== undefined && claimEpoch(epoch) === claim;
}

test("closed is what an effective close holds that no reopen names; merged is never late", () => {
  holds((bead, its, all) => {
    const reopened = new Set(of(its, "reopen").flatMap(({ event }) => event.values["closes"]));
    const standing = closesOf(its).filter(({ values }) => !reopened.has(values["close"] as string));
    const work = (bead.fields["gt.work"] as string | undefined) || bead.uid;
    const claim = highestClaim(all.filter(({ event }) => event.bead === work));
    const isEffective = ({ epoch, values }: LedgerEvent) => {
      if (values["kind"] === "merged" || epoch === undefined || claim === undefined) return true;
      return isUnder(epoch, claim.epoch) || claim.steps.includes(bead.uid);
    };
    const isClosed = standing.some(isEffective);
    expect(bead.closedAt !== undefined).toBe(isClosed);
    if (!bead.deleted) expect(bead.status === "closed").toBe(isClosed);
    expect(bead.late).toBe(standing.length > 0 && !isClosed);
  });
});

/** The first close under each name. */
function closesOf(its: History): LedgerEvent[] {
  const byName = new Map<unknown, LedgerEvent>();
  for (const { event } of of(its, "close").toSorted(byOrigin)) {
    const name = event.values["close"];
    if (!byName.has(name)) byName.set(name, event);
  }
  return [...byName.values()];
}

function highestClaim(its: History): { epoch: string; steps: string[] } | undefined {
  const claims = of(its, "claim").toSorted(byOrigin);
  const epochs = claims.flatMap(({ event }) => (event.epoch ? [claimEpoch(event.epoch)] : []));
  const epoch = epochs.toSorted(compareEpochs).at(-1);
  const claim = claims.find(({ event }) => isUnder(event.epoch, epoch));
  if (epoch === undefined || !claim) return undefined;
  const { cursor } = claim.event.values as Values<"claim">;
  return { epoch, steps: Object.keys(cursor?.steps ?? {}) };
}

test("a comment is there until somebody takes it back, and then never more", () => {
  holds((bead, its) => {
    const removals = of(its, "uncomment");
    const taken = new Set(removals.flatMap(({ event }) => event.values["remove"] as string[]));
    for (const made of of(its, "comment")) {
      const isThere = bead.comments.some(({ id }) => id === commentId(made));
      expect(isThere).toBe(!taken.has(commentId(made)));
    }
  });
});

test("deleted is what was deleted, for ever, and nothing else", () => {
  holds((bead, its) => {
    const isDeleted = of(its, "delete").length > 0;
    expect(bead.deleted).toBe(isDeleted);
    expect(bead.status === "tombstone").toBe(isDeleted);
  });
});
