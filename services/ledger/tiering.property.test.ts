import fc from "fast-check";
import { expect, test } from "vitest";
import { inbox } from "../mail/mail.ts";
import { mergeQueue } from "../merge-queue/queue.ts";
import { epicsToClose } from "../scheduler/epics.ts";
import type { Bead } from "./bead.ts";
import { MemoryDisk } from "./disk-memory.ts";
import { addLabels, closeBead, createBead, tombstone } from "./drafts.ts";
import type { Draft } from "./event.ts";
import { openLedger } from "./ledger.ts";
import { moveDown } from "./move-down.ts";
import { judgeReadiness, openWork, readyBeads } from "./readiness.ts";
import { movesDue, type TierLimits } from "./tiering.ts";
import type { World } from "./world.ts";

const dayMs = 86_400_000;
const startMs = Date.parse("2026-01-01T00:00:00Z");
const { signal } = new AbortController();
const merge = { rig: "alpha", branch: "b", commit: "c", target: "main", epoch: "1.1", worker: "w" };

const at = fc.nat(9);
const edge = fc.record({
  to: at,
  type: fc.constantFrom(...["blocks", "parent-child", "waits-for", "related", "replies-to"]),
});
/** One bead: what it is, whom it refers to, and on which day it ended. */
const made = fc.record({
  type: fc.constantFrom(...["task", "task", "epic", "molecule", "merge-request", "message"]),
  edges: fc.array(edge, { maxLength: 2 }),
  work: fc.option(at, { nil: undefined }),
  ended: fc.option(fc.nat(100), { nil: undefined }),
  isDeleted: fc.boolean(),
  isRead: fc.boolean(),
});
const beads = fc.array(made, { minLength: 1, maxLength: 10 });
type Made = typeof made extends fc.Arbitrary<infer T> ? T : never;

test("a move changes nothing that is seen of what goes on", async () => {
  await fc.assert(
    fc.asyncProperty(beads, fc.nat(120), fc.nat(120), async (all, first, second) => {
      const ledger = await history(all);
      for (const day of [first, second].sort((a, b) => a - b)) {
        const limits = { recentDays: 10, archiveDays: 50, nowMs: startMs + day * dayMs };
        const before = seen(ledger.world, limits.nowMs);
        await moveDown(ledger, { ...limits, actor: "deacon", signal });
        expect(seen(ledger.world, limits.nowMs)).toEqual(before);
        expect(movesDue(ledger.world, limits)).toEqual([]);
        checkNeeds(ledger.world, limits);
      }
      await ledger.close();
    }),
    { numRuns: 1_000 },
  );
});

/** The beads of a town by the day on which each of them ended. */
async function history(all: readonly Made[]) {
  let nowMs = startMs;
  const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => nowMs };
  const ledger = await openLedger(options);
  await ledger.append("overseer", all.map(creation));
  const days = all.flatMap(({ ended = -1, isDeleted, type, isRead }, n): [number, Draft][] => {
    const uid = `b${n}`;
    if (type === "message" && isRead) return [[Math.max(0, ended), addLabels(uid, ["read"])]];
    if (ended < 0) return [];
    return [[ended, isDeleted ? tombstone(uid, "") : closing(uid)]];
  });
  for (const [day, draft] of days.sort(([a], [b]) => a - b)) {
    nowMs = startMs + day * dayMs;
    await ledger.append("overseer", [draft]);
  }
  return ledger;
}

function closing(uid: string): Draft {
  return closeBead(uid, { close: "1", kind: "done", reason: "" });
}

function creation({ type, edges, work }: Made, n: number): Draft {
  return createBead({
    uid: `b${n}`,
    id: `alpha-${n}`,
    title: String(n),
    issueType: type,
    assignee: "overseer",
    edges: edges.map(({ to, type: how }) => ({ to: `b${to}`, type: how })),
    fields: {
      ...(work !== undefined && { "gt.work": `b${work}` }),
      ...(type === "merge-request" && { "gt.merge": merge }),
    },
  });
}

/** All that steers the town, and all that is open with what hangs on it. */
function seen(world: World, nowMs: number) {
  const judge = judgeReadiness(world, nowMs);
  const open = [...world.everywhere()].filter(isOpen);
  const going = open.filter(
    (bead) => bead.issueType !== "message" || !bead.labels.includes("read"),
  );
  return {
    ready: uids(readyBeads(world, nowMs)),
    open: uids(openWork(world)),
    epics: uids(epicsToClose(world, () => true)),
    queue: mergeQueue(world, "alpha").map(({ uid, needs, stale }) => ({ uid, needs, stale })),
    unread: uids(inbox(world, "overseer", { unreadOnly: true }).filter(isOpen)),
    beads: going.map((bead) => ({
      bead,
      ...judge(bead),
      children: uids(world.children(bead.uid)),
      // What was deleted is found by its name alone, once it is kept lower.
      dependents: uids(world.dependents(bead.uid).filter(({ deleted }) => !deleted)),
      ofWork: uids(world.ofWork(bead.uid).filter(({ deleted }) => !deleted)),
    })),
  };
}

function isOpen(bead: Bead): boolean {
  return !bead.deleted && bead.status !== "closed";
}

/** What an open bead refers to, or hangs on, is at hand. */
function checkNeeds(world: World, { nowMs, recentDays }: TierLimits): void {
  for (const bead of world.everywhere()) {
    if (bead.tier === "active") continue;
    expect(bead.deleted || bead.status === "closed").toBe(true);
    const near = [...world.children(bead.uid), ...world.dependents(bead.uid)];
    const parent = bead.parent === undefined ? undefined : world.bead(bead.parent);
    for (const each of parent ? [...near, parent] : near) {
      expect(each.deleted || each.status === "closed" || each.labels.includes("read")).toBe(true);
    }
    expect(nowMs - Date.parse(bead.closedAt ?? "1970-01-01")).toBeGreaterThan(recentDays * dayMs);
  }
}

function uids(all: readonly { readonly uid: string }[]): string[] {
  return all.map(({ uid }) => uid).sort();
}
