import { expect, test, vi } from "vitest";
import { authorityRef, readChain } from "#services/git/authority-chain.ts";
import { land } from "#services/git/land.ts";
import { runGit } from "#services/git/run-git.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import { authorityField, rigNamed } from "#services/ledger/rigs.ts";
import { inbox } from "#services/mail/mail.ts";
import { type ScratchMachine, scratchFleet } from "./scratch-fleet.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const bead = (uid: string, machine: string) =>
  createBead({
    uid,
    id: `al-${uid}`,
    title: uid,
    fields: {
      "gt.sling": { by: "ann" },
      "gt.placement": { machine, reasons: [], claim: "" },
    },
  });

const authority = ({ ledger }: ScratchMachine) => rigNamed(ledger.world, "alpha")?.authority;
const claimOf = ({ ledger }: ScratchMachine, uid: string) => ledger.world.bead(uid)?.claim;

/** Land a change as a machine's Refinery would, under the term that it believes to have. */
async function landOne(
  fleet: Awaited<ReturnType<typeof scratchFleet>>,
  { terms, repoDir }: ScratchMachine,
  name: string,
) {
  const commit = await fleet.commit({ [name]: name }, `polecat/${name}`, "main");
  await runGit(["fetch", "--quiet", "origin"], { cwd: repoDir });
  const tip = terms.of("alpha")?.tip ?? "";
  const expectedMain = (await fleet.ref("refs/heads/main")) ?? "";
  const landings = [{ commit, request: `mr-${name}`, bead: `al-${name}`, epoch: "1.1" }];
  const outcome = await land({ repoDir, target: "main", expectedMain, tip, landings });
  if (outcome.kind === "landed") terms.advance("alpha", outcome.tip);
  if (outcome.kind === "fenced") terms.lose("alpha");
  return outcome.kind;
}

test("with town and authority gone another takes over, and the former one yields", async () => {
  await using fleet = await scratchFleet();
  const { a, b, heard, clock, limits } = fleet;
  await a.round();
  await b.round();
  expect(authority(b)).toEqual({ machine: "vm-a", term: 1 });
  expect(b.terms.all()).toEqual([]);

  fleet.cut("vm-a");
  heard.town = false;
  heard.lost.add("vm-a");
  await b.ledger.append("ann", [bead("x", "vm-b")]);
  await b.round();
  clock.advance(limits.lostAfterMs - 1);
  await b.round();
  expect(b.terms.all()).toEqual([]);
  clock.advance(limits.lostAfterMs / 4);
  await b.round();
  expect(authority(b)).toEqual({ machine: "vm-b", term: 2 });
  expect(claimOf(b, "x")).toMatchObject({ epoch: "2.1", machine: "vm-b" });
  expect(await landOne(fleet, b, "one")).toBe("landed");

  // It was only cut off. What it believes does not matter: the remote refuses it.
  expect(a.terms.of("alpha")?.term).toBe(1);
  expect(await landOne(fleet, a, "two")).toBe("fenced");
  heard.lost.clear();
  await a.round();
  expect(a.terms.all()).toEqual([]);
  fleet.heal("vm-a");
  await a.round();
  await b.round();
  expect(a.terms.all()).toEqual([]);
  expect(b.terms.of("alpha")?.term).toBe(2);
  expect(await readChain({ repoDir: b.repoDir })).toMatchObject({ term: 2 });
});

test("a chain that moves meanwhile is a sign of life", async () => {
  await using fleet = await scratchFleet();
  const { a, b, heard, clock, limits } = fleet;
  await a.round();
  fleet.cut("vm-a");
  heard.town = false;
  heard.lost.add("vm-a");
  await b.round();
  clock.advance(limits.lostAfterMs);
  expect(await landOne(fleet, a, "one")).toBe("landed");
  await b.round();
  expect(b.terms.all()).toEqual([]);
  clock.advance(limits.lostAfterMs);
  await b.round();
  expect(b.terms.of("alpha")?.term).toBe(2);
});

test("of two who try at once one has the rig, and both know whom", async () => {
  await using fleet = await scratchFleet();
  const { a, b, heard } = fleet;
  heard.town = false;
  // Each believes that it is the holder: their ledgers have not met since.
  fleet.cut("vm-b");
  const mine = setFields("rig", { "gt.appointed": { machine: "vm-b", term: 0 } });
  await b.ledger.append("deacon", [mine]);
  await Promise.all(
    [a.ledger, b.ledger].map((ledger) => ledger.append("ann", [bead("x", "vm-a")])),
  );
  await Promise.all([a.round(), b.round()]);
  const chain = await readChain({ repoDir: a.repoDir });
  const held = [a, b].flatMap(({ terms }) => terms.all());
  expect(held.filter(({ tip }) => tip === chain.tip)).toHaveLength(1);
  expect(new Set(held.map(({ term }) => term)).size).toBe(held.length);
  fleet.heal("vm-b");
  for (let turn = 0; turn < 3; turn += 1) for (const each of [a, b]) await each.round();
  expect(authority(a)).toEqual(authority(b));
  const holders = [a, b].filter(({ terms }) => terms.all().length > 0);
  expect(holders.map(({ name }) => name)).toEqual([authority(a)?.machine]);
  expect(claimOf(a, "x")).toEqual(claimOf(b, "x"));
});

test("who was appointed leaves a rig to one that took it just now, not for ever", async () => {
  await using fleet = await scratchFleet();
  const { a, b, clock, limits } = fleet;
  await a.round();
  // Another start of vm-a takes a term, and dies before it can tell anyone.
  fleet.cut("vm-a");
  const again = await a.restart();
  await again.round();
  expect(again.terms.of("alpha")?.term).toBe(2);
  const to = setFields("rig", { "gt.appointed": { machine: "vm-b", term: 1 } });
  await b.ledger.append("deacon", [to]);
  await b.round();
  expect(b.terms.all()).toEqual([]);
  clock.advance(limits.lostAfterMs);
  await b.round();
  expect(b.terms.of("alpha")?.term).toBe(3);
});

test("nobody waits for the word of a machine that is known to be lost", async () => {
  await using fleet = await scratchFleet();
  const { a, b } = fleet;
  await a.round();
  fleet.cut("vm-a");
  await (await a.restart()).round();
  const lost = { sinceAt: "2026-01-01T00:00:00Z", why: "silent" };
  const to = { "gt.appointed": { machine: "vm-b", term: 1 } };
  const drafts = [setFields("vm-a", { "gt.lost": lost }), setFields("rig", to)];
  await b.ledger.append("deacon", drafts);
  await b.round();
  expect(b.terms.of("alpha")?.term).toBe(3);
});

test.for([
  { name: "deleted", back: async () => undefined },
  { name: "restored from a backup", back: async (first: string) => first },
])("a chain that was $name goes on above all that was known, and says so", async ({ back }) => {
  await using fleet = await scratchFleet();
  const { a } = fleet;
  await a.round();
  const first = (await fleet.ref(authorityRef)) ?? "";
  let machine = a;
  for (let start = 0; start < 2; start += 1) {
    machine = await machine.restart();
    await machine.round();
  }
  expect(machine.terms.of("alpha")?.term).toBe(3);
  const to = await back(first);
  const args = to ? ["update-ref", authorityRef, to] : ["update-ref", "-d", authorityRef];
  await runGit(args, { cwd: fleet.remote });
  expect(await landOne(fleet, machine, "one")).toBe("fenced");
  await machine.round();
  expect(machine.terms.of("alpha")?.term).toBe(103);
  expect(authority(machine)).toEqual({ machine: "vm-a", term: 103 });
  expect(await landOne(fleet, machine, "two")).toBe("landed");
  const alarms = machine.ledger.alarms().map(({ kind }) => kind);
  expect(alarms).toContain("rewound-remote");
  const letters = inbox(machine.ledger.world, "overseer").map(({ title }) => title);
  expect(letters).toEqual(["The remote of rig alpha went back in time"]);
});

test("a start finds the term that only claims of the ledger still speak of", async () => {
  await using fleet = await scratchFleet();
  const { a } = fleet;
  await a.ledger.append("ann", [bead("x", "vm-a")]);
  await a.round();
  expect(claimOf(a, "x")?.epoch).toBe("1.1");
  // Another's word of a lower term, written later by its clock, hides the rig's own.
  await a.ledger.append("vm-b", [setFields("rig", { [authorityField.name]: null })]);
  await runGit(["update-ref", "-d", authorityRef], { cwd: fleet.remote });
  const next = await a.restart();
  await next.round();
  expect(next.terms.of("alpha")?.term).toBe(101);
});
