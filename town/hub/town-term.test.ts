import { expect, test, vi } from "vitest";
import { runGit } from "#services/git/run-git.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { scratchHub } from "./scratch-hub.ts";
import { describeStanding, townRef } from "./town-term.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const bead = (uid: string) => createBead({ uid, id: `hq-${uid}`, title: uid });

test("the town started last writes main; the other takes and loses nothing", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const first = await scratch.town("first");
  await first.ledger.append("ann", [bead("one")]);
  await first.push();
  expect(first.hub?.term.standing()).toMatchObject({ kind: "chain", term: 1 });

  const second = await scratch.town("second");
  await second.ledger.append("bob", [bead("two")]);
  await second.push();
  expect(second.hub?.term.standing()).toMatchObject({ kind: "chain", term: 2 });

  // The first has not heard of it yet: what it acknowledges now must not be lost.
  await first.ledger.append("ann", [bead("late")]);
  await first.push();
  expect(first.hub?.term.isFenced()).toBe(true);
  expect(first.ledger.alarms()).toContainEqual(expect.objectContaining({ kind: "fenced" }));
  const standing = describeStanding(first.hub?.term.standing() ?? { kind: "new" });
  expect(standing).toMatchObject({ ok: false, detail: expect.stringContaining("term 2") });
  const refused = first.ledger.append("ann", [bead("refused")]);
  await expect(refused).rejects.toMatchObject({ reason: "stale" });

  await second.fetch();
  expect(second.ledger.world.bead("late")?.title).toBe("late");
  await second.push();
  const view = await scratch.person("show", "origin/main:.beads/issues.jsonl");
  expect(view.split("\n")).toHaveLength(3);
  const writers = await scratch.person("log", "--first-parent", "--format=%B", "origin/main");
  expect(writers.match(/Gastown-Term: \d+/g)?.at(-1)).toBe("Gastown-Term: 1");
  expect(writers.match(/Gastown-Term: \d+/g)?.[0]).toBe("Gastown-Term: 2");
  await first.fetch();
  expect(first.view()).toBe(second.view());
});

test("a remote that comes to hold a chain goes on above the term of main", async () => {
  await using scratch = await scratchHub();
  await runGit(["config", "receive.hideRefs", "refs/gastown"], { cwd: scratch.remote });
  for (const [index, home] of ["first", "second", "third"].entries()) {
    if (index === 2) {
      await runGit(["config", "--unset", "receive.hideRefs"], { cwd: scratch.remote });
    }
    const town = await scratch.town(home);
    await town.ledger.append("ann", [bead(home)]);
    await town.push();
    const kind = index === 2 ? "chain" : "main";
    expect(town.hub?.term.standing()).toMatchObject({ kind, term: index + 1 });
    await town.stop();
  }
});

test("an idle town learns from the next look at the remote that it was deposed", async () => {
  await using scratch = await scratchHub();
  const first = await scratch.town("first");
  await first.ledger.append("ann", [bead("one")]);
  await first.push();
  const second = await scratch.town("second");
  await second.ledger.append("bob", [bead("two")]);
  await second.push();
  await first.fetch();
  expect(first.hub?.term.isFenced()).toBe(true);
});

test("a home that was deposed takes over again when it is started again", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  for (const [index, home] of ["first", "second", "first"].entries()) {
    const town = await scratch.town(home);
    await town.ledger.append("ann", [bead(`b${index}`)]);
    await town.push();
    expect(town.hub?.term.standing()).toMatchObject({ kind: "chain", term: index + 1 });
    await town.stop();
  }
  const reader = await scratch.machine("vm-a");
  await reader.fetch();
  expect(reader.ledger.world.size()).toBe(3);
});

test("a chain that went back with its remote is taken up above what was seen", async () => {
  await using scratch = await scratchHub();
  const town = await scratch.town();
  await town.ledger.append("ann", [bead("one")]);
  await town.push();
  const early = await runGit(["rev-parse", townRef], { cwd: scratch.remote });
  await town.ledger.append("ann", [bead("two")]);
  await town.push();
  await runGit(["update-ref", townRef, early.stdout.trim()], { cwd: scratch.remote });
  await town.ledger.append("ann", [bead("three")]);
  await town.push();
  expect(town.hub?.term.standing()).toMatchObject({ kind: "chain", term: 2 });
  const view = await scratch.person("show", "origin/main:.beads/issues.jsonl");
  expect(view.split("\n")).toHaveLength(3);
});

test.for([
  { what: "atomic pushes", config: ["receive.advertiseAtomic", "false"] },
  { what: "refs of ours", config: ["receive.hideRefs", "refs/gastown"] },
])("a remote without $what: main itself carries the term, and the town says so", async (given) => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  await runGit(["config", ...given.config], { cwd: scratch.remote });
  const first = await scratch.town("first");
  await first.ledger.append("ann", [bead("one")]);
  await first.push();
  expect(first.hub?.term.standing()).toMatchObject({ kind: "main", term: 1 });
  expect(scratch.failures).toContainEqual(
    expect.objectContaining({ message: expect.stringContaining("kept in the commits of main") }),
  );
  const second = await scratch.town("second");
  await second.ledger.append("bob", [bead("two")]);
  await second.push();
  expect(second.hub?.term.standing()).toMatchObject({ kind: "main", term: 2 });
  await first.ledger.append("ann", [bead("late")]);
  await first.push();
  expect(first.hub?.term.isFenced()).toBe(true);
  await second.fetch();
  expect(second.ledger.world.size()).toBe(3);
});
