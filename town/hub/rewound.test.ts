import { expect, test, vi } from "vitest";
import { runGit } from "#services/git/run-git.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { type Member, type ScratchHub, scratchHub } from "./scratch-hub.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

const bead = (uid: string) => createBead({ uid, id: `hq-${uid}`, title: uid });

async function refOf(scratch: ScratchHub, ref: string): Promise<string> {
  return (await runGit(["rev-parse", ref], { cwd: scratch.remote })).stdout.trim();
}

async function setRef(scratch: ScratchHub, ref: string, to: string | undefined): Promise<void> {
  const args = to === undefined ? ["update-ref", "-d", ref] : ["update-ref", ref, to];
  await runGit(args, { cwd: scratch.remote });
}

/** Rounds of everybody until nothing is left to do: look, push, look. */
async function rounds(members: readonly Member[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    for (const member of members) await member.fetch();
    for (const member of members) await member.push();
  }
}

/** What a fresh clone folds of the remote alone. */
async function freshView(scratch: ScratchHub, home: string): Promise<string> {
  const fresh = await scratch.machine("reader", home);
  await fresh.fetch();
  expect(fresh.ledger.gaps()).toEqual([]);
  return fresh.view();
}

const rewinds = (member: Member) =>
  member.ledger.alarms().filter(({ kind }) => kind === "rewound-remote");

test("main and branches that went back or are gone: all is at the remote again", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut(); // Git alone.
  const town = await scratch.town();
  const a = await scratch.machine("vm-a");
  const b = await scratch.machine("vm-b");
  await town.ledger.append("ann", [bead("t1")]);
  await a.ledger.append("ann", [bead("a1")]);
  await b.ledger.append("ann", [bead("b1")]);
  await rounds([a, b, town]);
  const refs = ["refs/heads/main", "refs/heads/machines/vm-a", "refs/gastown/town"];
  const early = new Map<string, string>();
  for (const ref of refs) early.set(ref, await refOf(scratch, ref));
  await town.ledger.append("ann", [bead("t2")]);
  await a.ledger.append("ann", [bead("a2")]);
  await b.ledger.append("ann", [bead("b2")]);
  await rounds([a, b, town]);
  const whole = town.view();
  expect(await freshView(scratch, "before")).toBe(whole);

  for (const [ref, to] of early) await setRef(scratch, ref, to);
  await setRef(scratch, "refs/heads/machines/vm-b", undefined);
  expect(await freshView(scratch, "amid")).not.toBe(whole);
  await rounds([a, b, town]);

  expect(await freshView(scratch, "after")).toBe(whole);
  for (const member of [a, b, town]) expect(member.view()).toBe(whole);
  const told = rewinds(a).map(({ detail }) => detail.split(" ")[0]);
  expect(told.sort()).toEqual(["machines/vm-a", "machines/vm-b", "main"]);
  const view = await scratch.person("show", "origin/main:.beads/issues.jsonl");
  expect(`${view}\n`).toBe(whole);
  expect(town.hub?.term.isFenced()).toBe(false);
});

test("what a machine that is no more had pushed outlives a remote that went back", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const town = await scratch.town();
  const a = await scratch.machine("vm-a");
  await town.ledger.append("ann", [bead("t1")]);
  await rounds([town]);
  const main = await refOf(scratch, "refs/heads/main");
  await a.ledger.append("ann", [bead("a1")]);
  await rounds([a, town]);
  await a.stop();
  const whole = town.view();

  await setRef(scratch, "refs/heads/main", main);
  await setRef(scratch, "refs/heads/machines/vm-a", undefined);
  await rounds([town]);
  expect(rewinds(town)).toHaveLength(2);
  expect(await freshView(scratch, "after")).toBe(whole);
});

test("a branch that went back while nobody ran is noticed at the next start", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const a = await scratch.machine("vm-a");
  await a.ledger.append("ann", [bead("a1")]);
  await a.push();
  const early = await refOf(scratch, "refs/heads/machines/vm-a");
  await a.ledger.append("ann", [bead("a2")]);
  await a.push();
  await a.fetch();
  await a.stop();
  await setRef(scratch, "refs/heads/machines/vm-a", early);
  const again = await scratch.machine("vm-a");
  expect(rewinds(again)).toHaveLength(1);
  await again.push();
  expect(await freshView(scratch, "after")).toBe(again.view());
});

test("who pushes before it looks does not paper over what went back", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const a = await scratch.machine("vm-a");
  await a.ledger.append("ann", [bead("a1")]);
  await a.push();
  const early = await refOf(scratch, "refs/heads/machines/vm-a");
  await a.ledger.append("ann", [bead("a2")]);
  await a.push();
  await setRef(scratch, "refs/heads/machines/vm-a", early);
  await a.ledger.append("ann", [bead("a3")]);
  await a.push();
  await a.fetch();
  expect(rewinds(a)).toHaveLength(1);
  expect(await freshView(scratch, "after")).toBe(a.view());
});

test("events that somebody edited on a branch are written again beside the edit", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const a = await scratch.machine("vm-a");
  await a.ledger.append("ann", [bead("a1"), bead("a2")]);
  await a.push();
  const path = `.beads/events/vm-a/${a.ledger.writer}/000001.jsonl`;
  await scratch.rewrite("machines/vm-a", path, (text) => text.replace('"a1"', '"x1"'));
  await a.fetch();
  await a.push();
  const { stdout } = await runGit(["show", `machines/vm-a:${path}`], { cwd: scratch.remote });
  // Others may have folded the edit by now: it stays, so that all know the same.
  const beads = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).bead);
  expect(beads).toEqual(["x1", "a2", "a1"]);
});

test("events that somebody removed from main by a commit of his own come back", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const town = await scratch.town();
  const a = await scratch.machine("vm-a");
  await town.ledger.append("ann", [bead("t1")]);
  await a.ledger.append("ann", [bead("a1")]);
  await rounds([a, town]);
  for (const folder of ["vm-a", "town"]) {
    await scratch.rewrite("main", `.beads/events/${folder}`, () => "");
  }
  await rounds([town]);
  const { stdout } = await runGit(["ls-tree", "--name-only", "main", ".beads/events/"], {
    cwd: scratch.remote,
  });
  expect(stdout).toBe(".beads/events/town\n.beads/events/vm-a\n");
});
