import { expect, test } from "vitest";
import type { LeftWork, SalvageRef } from "#services/git/salvage.ts";
import { MemoryDisk } from "./disk-memory.ts";
import { claimBead, closeBead, createBead, releaseBead, reopenBead, setFields } from "./drafts.ts";
import type { Cursor, Draft } from "./event.ts";
import { openLedger } from "./ledger.ts";
import { releasedField, resumed, resumeField, resumePoint } from "./salvage.ts";
import { collectable, judgeSalvage } from "./salvage-state.ts";

const dayMs = 86_400_000;
const startMs = Date.parse("2026-01-01T00:00:00Z");

/** A ledger with the bead `a`, claimed once, whose clock stands at `startMs` until it is moved. */
async function scratch() {
  const clock = { nowMs: startMs };
  const ledger = await openLedger({
    dir: "/journal",
    machine: "vm-a",
    disk: new MemoryDisk(),
    nowMs: () => clock.nowMs,
  });
  const write = (...drafts: Draft[]) => ledger.append("town", drafts);
  const claim = (epoch: string, cursor?: Cursor) =>
    write(claimBead("a", epoch, { machine: "vm-a", polecat: "rigs/alpha/polecats/nux", cursor }));
  await write(createBead({ uid: "a", id: "alpha-a", title: "a" }));
  await claim("1.1");
  const kinds = (...works: LeftWork[]) =>
    judgeSalvage(works, ledger.world).map(({ state }) => state.kind);
  /** Submit under an epoch, now, and land it a second later. */
  const land = async (epoch: string, commit: string) => {
    const fields = { "gt.work": "a", "gt.merge": { ...merge, epoch, commit } };
    const uid = `mr-${epoch}`;
    await write(
      createBead({ uid, id: `alpha-a.${uid}`, title: "a", issueType: "merge-request", fields }),
    );
    clock.nowMs += 1_000;
    const closing = { close: `m${epoch}`, kind: "merged", reason: "", commit: `landed-${commit}` };
    await write(closeBead(uid, closing), closeBead("a", closing));
  };
  return { ledger, clock, write, claim, kinds, land, bead: () => ledger.world.bead("a") };
}

const merge = { rig: "alpha", branch: "b", target: "main", worker: "rigs/alpha/polecats/nux" };

/** What an attempt left: its refs by their commits, each saved so many ms after the start. */
function left(epoch: string, refs: Record<string, number>, more: Partial<SalvageRef> = {}) {
  const [first, ...rest] = Object.entries(refs).map(([commit, afterMs]) => ({
    ...{ ref: `refs/${commit}`, commit, savedMs: startMs + afterMs },
    ...{ isMerged: false, hasUncommitted: false, ...more },
  }));
  if (!first) throw new Error("one at least");
  return { bead: "alpha-a", epoch, refs: [first, ...rest] } satisfies LeftWork;
}

test("work is held while its attempt stands, and left when that is over", async () => {
  const { kinds, write } = await scratch();
  const work = left("1.1", { c: 0 });
  expect(kinds(work)).toEqual(["held"]);
  await write(releaseBead("a", "1.1", "lost"));
  expect(kinds(work)).toEqual(["left"]);
  expect(kinds(left("1.2", { c: 0 })), "a claim that has not arrived here").toEqual(["held"]);
  expect(kinds({ ...work, bead: "alpha-unknown" })).toEqual(["left"]);
});

test("a bead that was closed by hand frees nothing", async () => {
  const { kinds, write } = await scratch();
  await write(closeBead("a", { close: "x", kind: "done", reason: "by hand" }));
  expect(kinds(left("1.1", { c: 0 }))).toEqual(["left"]);
});

test("what landed is what was submitted, and what was saved before that", async () => {
  const { kinds, land, clock } = await scratch();
  clock.nowMs += 60_000;
  await land("1.1", "c");
  expect(kinds(left("1.1", { c: 60_000, wip: 10_000 }))).toEqual(["landed"]);
  // Changed after its submission, which had been clean: nobody landed that.
  expect(kinds(left("1.1", { late: 60_000, c: 50_000 }))).toEqual(["left"]);
  expect(kinds(left("1.1", { late: 90_000 }))).toEqual(["left"]);
});

test("a ledger ahead of the worker's clock takes no later change for a submitted one", async () => {
  const { kinds, land, clock } = await scratch();
  clock.nowMs += 240_000;
  await land("1.1", "c");
  expect(kinds(left("1.1", { late: 60_000, c: 10_000 }))).toEqual(["left"]);
  expect(kinds(left("1.1", { c: 10_000, wip: 9_000 }))).toEqual(["landed"]);
});

test("late work of another attempt than the one that landed stays until released", async () => {
  const { kinds, claim, land, write } = await scratch();
  await write(releaseBead("a", "1.1", "lost"));
  await claim("1.2");
  await land("1.2", "d");
  expect(kinds(left("1.1", { c: 0 }), left("1.2", { d: 0 }))).toEqual(["left", "landed"]);
  await write(
    setFields("a", { [releasedField("1.1")]: { released_by: "ann", at: "2026-01-02T00:00:00Z" } }),
  );
  expect(kinds(left("1.1", { c: 0 }))).toEqual(["released"]);
});

test("what the attempt that landed went on from has landed too, through others also", async () => {
  const { kinds, claim, land } = await scratch();
  await claim("1.2", { steps: {}, commit: "c" });
  expect(kinds(left("1.1", { c: 0 })), "its successor may still need it").toEqual(["held"]);
  await claim("2.1", { steps: {}, commit: "d" });
  await land("2.1", "e");
  const [first, second] = [left("1.1", { c: 9_000, b: 1_000 }), left("1.2", { d: 20_000 })];
  expect(kinds(first, second)).toEqual(["landed", "landed"]);
  // The lost machine came back and pushed once more.
  expect(kinds(left("1.1", { late: 9_000, b: 1_000 }), second)).toEqual(["left", "landed"]);
  expect(kinds(left("1.1", { late: 9_500, c: 9_000 }), second)).toEqual(["left", "landed"]);
});

test("an attempt that holds nothing which the target lacks is needed no more", async () => {
  const { kinds, write } = await scratch();
  await write(releaseBead("a", "1.1", "lost"));
  expect(kinds(left("1.1", { c: 0 }, { isMerged: true }))).toEqual(["landed"]);
});

test("only what landed or was released is collected, after an age, so many at once", async () => {
  const { ledger, claim, land, write } = await scratch();
  await write(releaseBead("a", "1.1", "lost"));
  await claim("1.2");
  await land("1.2", "d");
  const works = [left("1.1", { c: 0 }), left("1.2", { d: 0, e: 0 })];
  const epochs = (atMs: number, refsMax = 10) =>
    collectable(judgeSalvage(works, ledger.world), atMs, { ageMs: 7 * dayMs, refsMax }).map(
      ({ work }) => work.epoch,
    );
  const landedMs = startMs + 1_000;
  expect(epochs(landedMs + 7 * dayMs - 1)).toEqual([]);
  expect(epochs(landedMs + 100 * dayMs), "e was saved too close to the submission").toEqual([]);
  works[1] = left("1.2", { d: 0 });
  expect(epochs(landedMs + 7 * dayMs - 1)).toEqual([]);
  expect(epochs(landedMs + 7 * dayMs)).toEqual(["1.2"]);
  const at = new Date(startMs + 3 * dayMs).toISOString();
  await write(setFields("a", { [releasedField("1.1")]: { released_by: "ann", at } }));
  expect(epochs(startMs + 10 * dayMs - 1)).toEqual(["1.2"]);
  expect(epochs(startMs + 10 * dayMs)).toEqual(["1.1", "1.2"]);
  expect(epochs(startMs + 10 * dayMs, 1)).toEqual(["1.1"]);
});

test("what a lost machine pushes after its work was released was released by nobody", async () => {
  const { kinds, write } = await scratch();
  const release = { released_by: "ann", at: "2026-01-02T00:00:00Z", commits: ["c"] };
  await write(releaseBead("a", "1.1", "lost"), setFields("a", { [releasedField("1.1")]: release }));
  expect(kinds(left("1.1", { c: 0 }))).toEqual(["released"]);
  expect(kinds(left("1.1", { late: 9_000, c: 0 }))).toEqual(["left"]);
  expect(kinds(left("1.1", { late: 9_000 }))).toEqual(["left"]);
});

test("a release whose time cannot be read collects nothing", async () => {
  const { ledger, write } = await scratch();
  await write(
    releaseBead("a", "1.1", "lost"),
    setFields("a", { [releasedField("1.1")]: { released_by: "ann", at: "soon" } }),
  );
  const judged = judgeSalvage([left("1.1", { c: 0 })], ledger.world);
  expect(collectable(judged, startMs + 1e15, { ageMs: 0, refsMax: 10 })).toEqual([]);
});

test("what is taken up again holds for the next claim alone", async () => {
  const { bead, claim, write, kinds } = await scratch();
  const wish = { epoch: "1.1", commit: "c", claim: "1.1", by: "ann" };
  await write(setFields("a", { [resumeField.name]: wish }));
  const now = () => {
    const found = bead();
    if (!found) throw new Error("no bead");
    return found;
  };
  expect(resumePoint(now()), "it is held").toBeUndefined();
  await write(releaseBead("a", "1.1", "lost"));
  expect(kinds(left("1.1", { c: 0 }))).toEqual(["held"]);
  const cursor = { steps: { s: "b" }, commit: "b" };
  expect(resumed(now(), cursor)).toEqual({ steps: { s: "b" }, commit: "c" });
  expect(resumed(now())).toEqual({ steps: {}, commit: "c" });
  await claim("1.2");
  await write(releaseBead("a", "1.2", "lost"));
  expect(resumePoint(now())).toBeUndefined();
  expect(resumed(now(), cursor)).toEqual(cursor);
  // Of an attempt before the last one: the steps of the last were done with other work.
  await write(setFields("a", { [resumeField.name]: { ...wish, claim: "1.2" } }));
  expect(resumed(now(), cursor)).toEqual({ steps: {}, commit: "c" });
});

test("a bead that was opened again after its landing needs what landed no more", async () => {
  const { bead, kinds, land, write } = await scratch();
  await land("1.1", "c");
  const closed = bead();
  if (!closed) throw new Error("no bead");
  await write(reopenBead(closed, "again"), releaseBead("a", "1.1", "reopened"));
  expect(kinds(left("1.1", { c: 0 }))).toEqual(["landed"]);
});
