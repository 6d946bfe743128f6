import { expect, test, vi } from "vitest";
import { agentPerson } from "#services/identity/person.ts";
import { authorityRef, readChain, takeTerm } from "../authority-chain.ts";
import { buildCandidate } from "../candidate.ts";
import { land, type ToLand } from "../land.ts";
import { type Bench, type BenchClone, benches } from "./bench.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const people = {
  author: agentPerson("rigs/alpha/polecats/nux"),
  committer: agentPerson("rigs/alpha/refinery"),
};

async function candidate(bench: Bench, here: BenchClone, name: string, on?: string) {
  const branch = await bench.commit({ [`${name}.txt`]: name }, name, "main");
  await bench.fetch(here);
  const origin = { request: `mr-${name}`, bead: `al-${name}`, epoch: "1.1", worker: "nux" };
  const target = on ?? "refs/remotes/origin/main";
  const rest = { message: `Add ${name}`, origin, ...people, strategy: "merge" as const };
  const built = await buildCandidate({ ...here, target, branch, ...rest });
  if (built.kind !== "candidate") throw new Error(built.kind);
  const { request, bead, epoch } = origin;
  return { commit: built.commit, request, bead, epoch } satisfies ToLand;
}

/** A rig whose authority is `vm-a`, term 1, with one candidate ready. */
async function readyRig(open: () => Promise<Bench>) {
  const bench = await open();
  const here = await bench.clone("a");
  const { tip } = await takeTerm({ ...here, holder: "vm-a" });
  const one = await candidate(bench, here, "one");
  const expectedMain = (await bench.ref("main")) ?? "";
  const wanted = { ...here, target: "main", expectedMain, tip, landings: [one] };
  return { bench, here, tip, one, wanted };
}

test.for(benches)("a candidate lands together with its record ($name)", async ({ open }) => {
  const { bench, here, tip, one, wanted } = await readyRig(open);
  await using _bench = bench;
  const outcome = await land(wanted);
  expect(outcome).toEqual({ kind: "landed", recorded: true, tip: await bench.ref(authorityRef) });
  expect(await bench.ref("main")).toBe(one.commit);
  const chain = await readChain({ ...here, since: tip });
  const record = chain.tip;
  expect(chain.landings).toEqual([{ ...one, target: "main", term: 1, record }]);
  expect(chain).toMatchObject({ term: 1, holder: "vm-a" });
  const later = await readChain({ ...here, since: chain.tip ?? "" });
  expect(later.landings).toEqual([]);
});

test.for(benches)(
  "several land in one push, oldest first in the chain ($name)",
  async ({ open }) => {
    const { bench, here, one, wanted } = await readyRig(open);
    await using _bench = bench;
    const two = await candidate(bench, here, "two", one.commit);
    expect(await land({ ...wanted, landings: [one, two] })).toMatchObject({ kind: "landed" });
    expect(await bench.ref("main")).toBe(two.commit);
    const { landings } = await readChain({ ...here });
    expect(landings.map(({ bead }) => bead)).toEqual(["al-one", "al-two"]);
    const apart = land({ ...wanted, landings: [two, one] });
    await expect(apart).rejects.toMatchObject({ reason: "invalid" });
  },
);

test.for(benches)(
  "a deposed authority is fenced, whatever it believes ($name)",
  async ({ open }) => {
    const { bench, wanted } = await readyRig(open);
    await using _bench = bench;
    await takeTerm({ ...(await bench.clone("b")), holder: "vm-b" });
    expect(await land(wanted)).toEqual({ kind: "fenced", term: 2, holder: "vm-b" });
    expect(await bench.ref("main")).toBe(wanted.expectedMain);
  },
);

test.for(benches)("a chain that was deleted fences too ($name)", async ({ open }) => {
  const { bench, wanted } = await readyRig(open);
  await using _bench = bench;
  await bench.deleteRef(authorityRef);
  expect(await land(wanted)).toEqual({ kind: "fenced", term: 0, holder: undefined });
  expect(await bench.ref("main")).toBe(wanted.expectedMain);
});

test.for(benches)(
  "landing and takeover at once: one order or the other, never both halves ($name)",
  async ({ open }) => {
    const { bench, here, ...rest } = await readyRig(open);
    await using _bench = bench;
    const other = await bench.clone("b");
    let { tip } = rest;
    for (let round = 0; round < 5; round += 1) {
      const one = await candidate(bench, here, `race-${round}`);
      const expectedMain = (await bench.ref("main")) ?? "";
      const wanted = { ...here, target: "main", expectedMain, tip, landings: [one] };
      const takeover = takeTerm({ ...other, holder: "vm-b" }).catch((error) => error.reason);
      const [outcome, taken] = await Promise.all([land(wanted), takeover]);
      const chain = await readChain({ ...here });
      const recorded = chain.landings.some(({ commit }) => commit === one.commit);
      expect(recorded).toBe(outcome.kind === "landed");
      expect(await bench.ref("main")).toBe(recorded ? one.commit : expectedMain);
      expect(["landed", "fenced"]).toContain(outcome.kind);
      if (outcome.kind === "fenced") expect(taken).toMatchObject({ tip: chain.tip });
      tip = (await takeTerm({ ...here, holder: "vm-a" })).tip;
    }
  },
);

test.for(benches)(
  "a person's push meanwhile is seen and never overwritten ($name)",
  async ({ open }) => {
    const { bench, wanted, tip } = await readyRig(open);
    await using _bench = bench;
    const main = await bench.commit({ "human.txt": "h" });
    expect(await land(wanted)).toEqual({ kind: "target-moved", main, tip });
    expect(await bench.ref("main")).toBe(main);
    expect(await bench.ref(authorityRef)).toBe(tip);
  },
);

test.for(benches)(
  "a target that a person took back is not brought back by a landing ($name)",
  async ({ open }) => {
    const { bench, here, wanted, tip, one } = await readyRig(open);
    await using _bench = bench;
    const back = (await bench.ref("main")) ?? "";
    await bench.commit({ "oops.txt": "x" });
    await bench.fetch(here);
    const two = await candidate(bench, here, "two");
    const expectedMain = (await bench.ref("main")) ?? "";
    await bench.setRef("refs/heads/main", back);
    const outcome = await land({ ...wanted, expectedMain, landings: [two] });
    expect(outcome).toEqual({ kind: "target-moved", main: back, tip });
    expect(await land({ ...wanted, landings: [one] })).toMatchObject({ kind: "landed" });
  },
);

test.for(benches)(
  "a hook that refuses is explained, and nothing moved ($name)",
  async ({ open }) => {
    const { bench, wanted, tip } = await readyRig(open);
    await using _bench = bench;
    const giveWay = await bench.refuse("main is frozen today");
    const outcome = await land(wanted);
    expect(outcome).toMatchObject({ kind: "refused", tip });
    expect(outcome).toHaveProperty("why", expect.stringContaining("main is frozen today"));
    expect(await bench.ref("main")).toBe(wanted.expectedMain);
    await giveWay();
    expect(await land(wanted)).toMatchObject({ kind: "landed" });
  },
);

test.for(benches)(
  "a remote without atomic pushes refuses rather than landing one half ($name)",
  async ({ open }) => {
    const { bench, wanted } = await readyRig(open);
    await using _bench = bench;
    await bench.refuseAtomic();
    expect(await land(wanted)).toMatchObject({ kind: "refused" });
    expect(await bench.ref("main")).toBe(wanted.expectedMain);
  },
);

test.for(benches)(
  "with the remote away it is unknown; later the same landing succeeds once ($name)",
  async ({ open }) => {
    const { bench, here, wanted } = await readyRig(open);
    await using _bench = bench;
    const comeBack = await bench.away();
    expect(await land(wanted)).toMatchObject({ kind: "unknown" });
    await comeBack();
    const landed = await land(wanted);
    expect(landed).toMatchObject({ kind: "landed", recorded: true });
    const chain = await readChain({ ...here });
    // The answer lost, the caller asks again: nothing moves and it is landed still.
    expect(await land(wanted)).toEqual(landed);
    expect((await readChain({ ...here })).landings).toEqual(chain.landings);
  },
);

test.for(benches)(
  "a remote that kept only the chain's half is healed by the second try ($name)",
  async ({ open }) => {
    const { bench, one, wanted } = await readyRig(open);
    await using _bench = bench;
    await bench.tear("refs/heads/main");
    expect(await land(wanted)).toMatchObject({ kind: "landed", recorded: true });
    expect(await bench.ref("main")).toBe(one.commit);
  },
);

test.for(benches)(
  "a remote that kept only the target's half gets the record ($name)",
  async ({ open }) => {
    const { bench, here, one, wanted } = await readyRig(open);
    await using _bench = bench;
    await bench.tear(authorityRef);
    expect(await land(wanted)).toMatchObject({ kind: "landed", recorded: true });
    const { landings } = await readChain({ ...here });
    expect(landings.map(({ commit }) => commit)).toEqual([one.commit]);
  },
);

test.for(benches)(
  "a lock left at the remote refuses, and names itself ($name)",
  async ({ open }) => {
    const { bench, wanted } = await readyRig(open);
    await using _bench = bench;
    const unlock = await bench.lock("main");
    const outcome = await land(wanted);
    expect(outcome).toMatchObject({ kind: "refused", why: expect.stringContaining("main.lock") });
    await unlock();
    expect(await land(wanted)).toMatchObject({ kind: "landed" });
  },
);

test.for(benches)(
  "a landing made before being deposed does not give the new term away ($name)",
  async ({ open }) => {
    const { bench, here, one, wanted } = await readyRig(open);
    await using _bench = bench;
    const landed = await land(wanted);
    if (landed.kind !== "landed") throw new Error(landed.kind);
    await takeTerm({ ...(await bench.clone("b")), holder: "vm-b" });
    const again = await land(wanted);
    expect(again).toMatchObject({ kind: "landed", tip: wanted.tip });
    const two = await candidate(bench, here, "two");
    const next = { ...wanted, expectedMain: one.commit, landings: [two], tip: landed.tip };
    expect(await land(next)).toMatchObject({ kind: "fenced", term: 2 });
  },
);
