import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { claimBead, createBead, releaseBead, setFields } from "./drafts.ts";
import type { Draft } from "./event.ts";
import { openLedger } from "./ledger.ts";

const exit = (epoch: string, kind = "COMPLETED") =>
  setFields("a", { "gt.exit": { kind, epoch, summary: "" } }, epoch);
const claim = (epoch: string) => claimBead("a", epoch, { machine: "vm-a", polecat: "nux" });

/** The bead after writes, each by a machine of its own, as replicas have it that heard them so. */
async function viewsOf(...drafts: readonly Draft[]) {
  let nowMs = 0;
  const open = (machine: string) => {
    nowMs += 1_000;
    const atMs = nowMs;
    return openLedger({ dir: "/j", machine, disk: new MemoryDisk(), nowMs: () => atMs });
  };
  const written = [createBead({ uid: "a", id: "hq-a", title: "a" }), ...drafts];
  const lines: string[] = [];
  for (const [at, draft] of written.entries()) {
    const ledger = await open(`vm-${at}`);
    const [event] = await ledger.append("x", [draft]);
    lines.push(event?.line ?? "");
  }
  const orders = [lines, lines.toReversed()];
  const views = orders.map(async (each) => {
    const reader = await open("reader");
    for (const line of each) reader.receive([line], "x");
    return reader.world.bead("a") ?? expect.fail("it is there");
  });
  const [one, other] = await Promise.all(views);
  expect(other).toEqual(one);
  return one ?? expect.fail("it is there");
}

test("the exit of an attempt that is over does not take the place of a later one's", async () => {
  const bead = await viewsOf(claim("1.1"), claim("1.2"), exit("1.2.0"), exit("1.1.0", "BLOCKED"));
  expect(bead.fields["gt.exit"]).toMatchObject({ kind: "COMPLETED", epoch: "1.2.0" });
});

test("a later attempt's exit takes the place of one that is stamped after it", async () => {
  const bead = await viewsOf(claim("2.1"), exit("1.9.3"), exit("2.1.0"), exit("1.10.0"));
  expect(bead.fields["gt.exit"]).toMatchObject({ epoch: "2.1.0" });
});

test("an authority's late word does not undo a later term", async () => {
  const authority = (machine: string, term: number) =>
    setFields("a", { "gt.authority": { machine, term } });
  const bead = await viewsOf(authority("vm-b", 5), authority("vm-a", 4));
  expect(bead.fields["gt.authority"]).toEqual({ machine: "vm-b", term: 5 });
});

test("an attempt that needs a person defers its bead, until somebody says otherwise", async () => {
  const left = [claim("1.1"), exit("1.1.0", "ESCALATE"), releaseBead("a", "1.1", "x", "ESCALATE")];
  expect((await viewsOf(...left)).status).toBe("deferred");
  expect((await viewsOf(...left, setFields("a", { status: "open" }))).status).toBe("open");
  expect((await viewsOf(...left, claim("1.2"))).status).toBe("in_progress");
});

test("one that is over defers nothing", async () => {
  const late = [exit("1.1.0", "ESCALATE"), releaseBead("a", "1.1", "x", "ESCALATE")];
  const bead = await viewsOf(claim("1.1"), claim("1.2"), ...late, releaseBead("a", "1.2", "lost"));
  expect(bead.status).toBe("open");
});

test("what was taken from a worker was over before it left, whatever its clock says", async () => {
  const taken = [claim("1.1"), releaseBead("a", "1.1", "lost")];
  const left = releaseBead("a", "1.1", "x", "ESCALATE");
  for (const drafts of [
    [...taken, left],
    [left, ...taken],
  ]) {
    const bead = await viewsOf(...drafts);
    expect(bead).toMatchObject({ status: "open", claim: { released: true, exit: undefined } });
  }
});

test("BLOCKED waits for its blocker, not for a person", async () => {
  const bead = await viewsOf(claim("1.1"), releaseBead("a", "1.1", "x", "BLOCKED"));
  expect(bead.status).toBe("open");
});
