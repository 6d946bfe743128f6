import { expect, test } from "vitest";
import {
  claimBead,
  closeBead,
  createBead,
  releaseBead,
  reopenBead,
  setFields,
} from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { scratchTown } from "../scratch-town.ts";
import { brokenInvariants } from "./check-invariants.ts";

async function broken(...drafts: readonly Draft[]): Promise<string[]> {
  const { ledger, write } = await scratchTown();
  await write(...drafts);
  return brokenInvariants(ledger.world);
}

function work(uid: string): Draft {
  return createBead({ uid, id: `alpha-${uid}`, title: uid });
}

function claim(uid: string, name = uid): Draft {
  return claimBead(uid, "1.1", { machine: "vm-a", polecat: `rigs/alpha/polecats/${name}` });
}

function landed(fields: Record<string, string>): Draft {
  const kept = { uid: "mr", id: "alpha-a.mr-1-1", title: "mr", issueType: "merge-request" };
  return createBead({ ...kept, fields: { "gt.work": "a", "gt.merge_state": "landed", ...fields } });
}

const merged = closeBead("a", { close: "merged:mr:c1", kind: "merged", reason: "", commit: "c1" });
const machine = derivedUid("machine", "vm-a");

test("a town whose beads are held and landed as they should be breaks nothing", async () => {
  const others = [work("a"), work("b"), work("c"), claim("b"), claim("c")];
  expect(await broken(...others, landed({ "gt.landed_commit": "c1" }), merged)).toEqual([]);
});

test("one name with two beads is told", async () => {
  const both = [work("a"), work("b"), claim("a", "nux"), claim("b", "nux")];
  expect(await broken(...both)).toEqual([
    expect.stringMatching(/^rigs\/alpha\/polecats\/nux holds both alpha-. and alpha-.$/),
  ]);
  const over = [claim("a", "nux"), releaseBead("a", "1.1", "lost"), claim("b", "nux")];
  expect(await broken(work("a"), work("b"), ...over)).toEqual([]);
});

test("more work than a machine or a rig may have is told, but not what waits to land", async () => {
  const names = ["a", "b", "c", "d", "e"];
  const five = names.flatMap((name) => [work(name), claim(name)]);
  expect(await broken(...five)).toEqual(["vm-a works on 5 beads and may on 4"]);
  const exit = { kind: "COMPLETED", epoch: "1.1.0", summary: "" };
  expect(await broken(...five, setFields("a", { "gt.exit": exit }))).toEqual([]);
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main", polecatsMax: 1 };
  const narrow = setFields(derivedUid("rig", "alpha"), { "gt.rig": rig });
  expect(await broken(narrow, ...five.slice(0, 4))).toEqual([
    "rig alpha works on 2 beads and may on 1",
  ]);
});

test("a machine that said that it is empty holds nothing", async () => {
  const at = "2026-01-01T00:00:00Z";
  const drain = { id: "d", by: "ann", startedAt: at, deadlineAt: at };
  const said = { "gt.machine_state": "draining", "gt.drain": drain, "gt.drained": { id: "d", at } };
  const empty = setFields(machine, said);
  expect(await broken(empty, work("a"))).toEqual([]);
  expect(await broken(empty, work("a"), claim("a"))).toEqual([
    `vm-a said at ${at} that it is empty, and holds alpha-a`,
  ]);
});

test("a request that landed has its bead closed by it, and its commit written down", async () => {
  const commit = { "gt.landed_commit": "c1" };
  expect(await broken(work("a"), landed(commit))).toEqual([
    "alpha-a.mr-1-1 landed, and alpha-a is open, not closed by it",
  ]);
  const done = closeBead("a", { close: "x", kind: "done", reason: "" });
  expect(await broken(work("a"), landed(commit), done)).toEqual([
    "alpha-a.mr-1-1 landed, and alpha-a is closed, not closed by it",
  ]);
  expect(await broken(work("a"), landed({}), merged)).toEqual([
    "alpha-a.mr-1-1 landed, and no commit is written down",
  ]);
});

test("a bead that somebody reopened after it landed is fine", async () => {
  const { ledger, write } = await scratchTown();
  await write(work("a"), landed({ "gt.landed_commit": "c1" }), merged);
  const bead = ledger.world.bead("a");
  if (!bead) throw new Error("it was made above");
  await write(reopenBead(bead, "once more"));
  expect(brokenInvariants(ledger.world)).toEqual([]);
});
