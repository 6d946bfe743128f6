import { expect, test, vi } from "vitest";
import { agentPerson } from "#services/identity/person.ts";
import { readChain, takeTerm } from "../authority-chain.ts";
import { buildCandidate } from "../candidate.ts";
import { land, type ToLand } from "../land.ts";
import { type Bench, type BenchClone, benches } from "./bench.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const onMain = "main";
const people = {
  author: agentPerson("rigs/alpha/polecats/nux"),
  committer: agentPerson("rigs/alpha/refinery"),
};

async function candidate(bench: Bench, here: BenchClone, name: string): Promise<ToLand> {
  const branch = await bench.commit({ [`${name}.txt`]: name }, name, "main");
  await bench.fetch(here);
  const origin = { request: `mr-${name}`, bead: `al-${name}`, epoch: "1.1" };
  const built = await buildCandidate({
    ...here,
    target: "refs/remotes/origin/main",
    branch,
    message: `Add ${name}`,
    origin: { ...origin, worker: "nux" },
    ...people,
    strategy: "merge",
  });
  if (built.kind !== "candidate") throw new Error(built.kind);
  return { commit: built.commit, ...origin };
}

/** A rig that is fenced by its target, whose authority is `vm-a`, with one candidate ready. */
async function readyRig(open: () => Promise<Bench>) {
  const bench = await open();
  // It takes nothing but branches, one at a time.
  await bench.refuseAtomic();
  const here = { ...(await bench.clone("a")), onMain };
  const { term, tip } = await takeTerm({ ...here, holder: "vm-a" });
  expect(term).toBe(1);
  const one = await candidate(bench, here, "one");
  const expectedMain = (await bench.ref("main")) ?? "";
  const wanted = { ...here, target: "main", expectedMain, tip, landings: [one] };
  return { bench, here, tip, one, wanted };
}

test.for(benches)(
  "a target without terms has term 0 and nobody; a term changes no file of it ($name)",
  async ({ open }) => {
    await using bench = await open();
    const here = { ...(await bench.clone("a")), onMain };
    const nothing = { tip: undefined, term: 0, holder: undefined, landings: [] };
    expect(await readChain(here)).toEqual(nothing);
    const before = (await bench.ref("main")) ?? "";
    const { tip } = await takeTerm({ ...here, holder: "vm-a" });
    expect(await bench.ref("main")).toBe(tip);
    const { repoDir, git } = here;
    expect(await git.treeOf(repoDir, tip)).toBe(await git.treeOf(repoDir, before));
    expect(await readChain(here)).toEqual({ tip, term: 1, holder: "vm-a", landings: [] });
    const none = takeTerm({ ...here, onMain: "nothing", holder: "vm-a" });
    await expect(none).rejects.toMatchObject({ reason: "not_found" });
  },
);

test.for(benches)("a term in a worker's own commit does not land ($name)", async ({ open }) => {
  const { bench, here, one, wanted } = await readyRig(open);
  await using _bench = bench;
  const { repoDir, git } = here;
  const forged = await git.commitTree({
    repoDir,
    tree: await git.treeOf(repoDir, one.commit),
    parents: [one.commit],
    message: "Change nothing",
    trailers: { "Gastown-Term": "999999999999999", "Gastown-Holder": "nux" },
    ...people,
  });
  const landings = [{ ...one, commit: forged }];
  const outcome = await land({ ...wanted, landings });
  expect(outcome).toMatchObject({ kind: "refused", why: expect.stringContaining(forged) });
  expect(await bench.ref("main")).toBe(wanted.expectedMain);
  expect(await land(wanted)).toMatchObject({ kind: "landed" });
});

test.for(benches)("a candidate lands, and is its own record ($name)", async ({ open }) => {
  const { bench, here, tip, one, wanted } = await readyRig(open);
  await using _bench = bench;
  expect(await land(wanted)).toEqual({ kind: "landed", recorded: true, tip });
  expect(await bench.ref("main")).toBe(one.commit);
  const landing = { ...one, target: "main", term: 1, record: one.commit };
  expect(await readChain(here)).toMatchObject({ tip, term: 1, landings: [landing] });
  const two = await candidate(bench, here, "two");
  const next = { ...wanted, expectedMain: one.commit, landings: [two] };
  expect(await land(next)).toMatchObject({ kind: "landed" });
  const later = await readChain({ ...here, since: one.commit });
  expect(later.landings).toMatchObject([{ bead: "al-two", term: 1 }]);
  // The answer lost, the caller asks again: nothing moves and it is landed still.
  expect(await land(next)).toMatchObject({ kind: "landed", recorded: true });
  expect((await readChain(here)).landings).toHaveLength(2);
});

test.for(benches)(
  "a deposed authority lands nothing, built before or after the takeover ($name)",
  async ({ open }) => {
    const { bench, here, wanted } = await readyRig(open);
    await using _bench = bench;
    const other = { ...(await bench.clone("b")), onMain };
    const taken = await takeTerm({ ...other, holder: "vm-b", seenTerm: 1 });
    const fenced = { kind: "fenced", term: 2, holder: "vm-b" };
    expect(await land(wanted)).toEqual(fenced);
    expect(await bench.ref("main")).toBe(taken.tip);
    const two = await candidate(bench, here, "two");
    const again = { ...wanted, expectedMain: taken.tip, landings: [two] };
    expect(await land(again)).toEqual(fenced);
    expect(await bench.ref("main")).toBe(taken.tip);
  },
);

test.for(benches)("of takers at once exactly one wins each term ($name)", async ({ open }) => {
  await using bench = await open();
  const names = ["a", "b", "c"];
  const clones = await Promise.all(names.map((name) => bench.clone(name)));
  for (let round = 1; round <= 3; round += 1) {
    const tries = clones.map((each) => takeTerm({ ...each, onMain, holder: "cloned-vm" }));
    const ended = await Promise.allSettled(tries);
    const won = ended.flatMap((one) => (one.status === "fulfilled" ? [one.value.term] : []));
    const lost = ended.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(won.length).toBeGreaterThan(0);
    expect(new Set(won).size).toBe(won.length);
    for (const reason of lost) expect(reason).toMatchObject({ reason: "stale" });
  }
});

test.for(benches)(
  "landing and takeover at once: one order or the other ($name)",
  async ({ open }) => {
    const { bench, here, ...rest } = await readyRig(open);
    await using _bench = bench;
    const other = { ...(await bench.clone("b")), onMain };
    let { tip } = rest;
    for (let round = 0; round < 4; round += 1) {
      const one = await candidate(bench, here, `race-${round}`);
      const expectedMain = (await bench.ref("main")) ?? "";
      const wanted = { ...here, target: "main", expectedMain, tip, landings: [one] };
      const takeover = takeTerm({ ...other, holder: "vm-b" });
      const [outcome] = await Promise.all([land(wanted), takeover]);
      const chain = await readChain(here);
      const landed = chain.landings.some(({ commit }) => commit === one.commit);
      expect(landed).toBe(outcome.kind === "landed");
      expect(["landed", "fenced"]).toContain(outcome.kind);
      expect(chain.holder).toBe("vm-b");
      tip = (await takeTerm({ ...here, holder: "vm-a" })).tip;
    }
  },
);

test.for(benches)(
  "a person's push moves the target and takes no term ($name)",
  async ({ open }) => {
    const { bench, here, wanted, tip } = await readyRig(open);
    await using _bench = bench;
    const main = await bench.commit({ "human.txt": "h" });
    expect(await land(wanted)).toEqual({ kind: "target-moved", main, tip });
    const two = await candidate(bench, here, "two");
    const again = { ...wanted, expectedMain: main, landings: [two] };
    expect(await land(again)).toMatchObject({ kind: "landed" });
    expect((await takeTerm({ ...here, holder: "vm-a", seenTerm: 1 })).term).toBe(2);
  },
);

test.for(benches)(
  "a target that was taken back to before a term fences, and is not built upon ($name)",
  async ({ open }) => {
    const { bench, here, wanted } = await readyRig(open);
    await using _bench = bench;
    const root = (await here.git.readRef(here.repoDir, `${wanted.tip}^`)) ?? "";
    await bench.setRef("refs/heads/main", root);
    expect(await land(wanted)).toEqual({ kind: "fenced", term: 0, holder: undefined });
    const lower = takeTerm({ ...here, holder: "vm-a", seenTerm: 1 });
    await expect(lower).rejects.toMatchObject({ reason: "stale" });
    const again = await takeTerm({ ...here, holder: "vm-a", seenTerm: 1, establish: true });
    expect(again.term).toBe(2);
  },
);

test.for(benches)(
  "a worker's own words are no landing, and hide no term ($name)",
  async ({ open }) => {
    const { bench, here, wanted, tip } = await readyRig(open);
    await using _bench = bench;
    const { repoDir, git } = here;
    const forged = await git.commitTree({
      repoDir,
      tree: await git.treeOf(repoDir, wanted.landings[0]?.commit ?? ""),
      parents: [wanted.expectedMain],
      message: "Work",
      trailers: { "Gastown-Request": "mr-x", "Gastown-Bead": "al-x", "Gastown-Epoch": "9.9" },
      ...people,
    });
    const origin = { request: "mr-f", bead: "al-f", epoch: "1.2", worker: "nux" };
    const built = await buildCandidate({
      ...here,
      target: wanted.expectedMain,
      branch: forged,
      message: "Add it",
      origin,
      ...people,
      strategy: "merge",
    });
    if (built.kind !== "candidate") throw new Error(built.kind);
    const toLand = { commit: built.commit, request: "mr-f", bead: "al-f", epoch: "1.2" };
    expect(await land({ ...wanted, landings: [toLand] })).toMatchObject({ kind: "landed" });
    const chain = await readChain(here);
    expect(chain.landings.map(({ bead }) => bead)).toEqual(["al-f"]);
    expect(chain).toMatchObject({ tip, term: 1 });
  },
);

test.for(benches)("what the remote says no to, or does not answer ($name)", async ({ open }) => {
  const { bench, here, wanted, tip } = await readyRig(open);
  await using _bench = bench;
  const giveWay = await bench.refuse("main is frozen today");
  const refused = await land(wanted);
  expect(refused).toMatchObject({ kind: "refused", tip });
  expect(refused).toHaveProperty("why", expect.stringContaining("main is frozen today"));
  const denied = takeTerm({ ...here, holder: "vm-a" });
  await expect(denied).rejects.toMatchObject({ reason: "denied" });
  await giveWay();
  const comeBack = await bench.away();
  expect(await land(wanted)).toMatchObject({ kind: "unknown" });
  const away = takeTerm({ ...here, holder: "vm-a" });
  await expect(away).rejects.toMatchObject({ reason: "unavailable" });
  await comeBack();
  const elsewhere = await land({ ...wanted, target: "release" });
  expect(elsewhere).toMatchObject({ kind: "refused", why: expect.stringContaining("release") });
  expect(await land(wanted)).toMatchObject({ kind: "landed" });
});
