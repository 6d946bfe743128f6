import { expect, test, vi } from "vitest";
import { townPerson } from "#services/identity/person.ts";
import { trackingRef } from "../fetch-remote.ts";
import { type BenchClone, benches } from "./bench.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const custom = "refs/gastown/probe";

async function commitOn({ repoDir, git }: BenchClone, parent: string | undefined, message: string) {
  return git.commitTree({
    repoDir,
    tree: await git.emptyTree(repoDir),
    parents: parent === undefined ? [] : [parent],
    message,
    trailers: {},
    author: townPerson,
    committer: townPerson,
  });
}

test.for(benches)(
  "without lease and force only a fast-forward moves a ref ($name)",
  async ({ open }) => {
    await using bench = await open();
    const here = await bench.clone("a");
    const { repoDir, git } = here;
    const below = await bench.ref("main");
    const [one, two] = [await commitOn(here, below, "one"), await commitOn(here, below, "two")];
    const push = (to: string | undefined, rest = {}) =>
      git.push({ repoDir, updates: [{ ref: custom, to, ...rest }] });
    await push(one);
    expect(await git.readRef(repoDir, trackingRef(custom))).toBe(one);
    const sideways = push(two);
    await expect(sideways).rejects.toMatchObject({ reason: "stale" });
    await expect(sideways).rejects.toThrow("rejected]");
    await push(two, { isForced: true });
    await push(one, { lease: two });
    await expect(push(two, { lease: two })).rejects.toMatchObject({ reason: "stale" });
    await expect(push(two, { lease: "" })).rejects.toMatchObject({ reason: "stale" });
    // What is there already is no move, whatever the lease says.
    await push(one, { lease: two });
    await push(undefined);
    expect(await bench.ref(custom)).toBeUndefined();
    await push(undefined);
    await push(two, { lease: "" });
    expect(await bench.ref(custom)).toBe(two);
  },
);

test.for(benches)(
  "what somebody else pushed is not gone over, known here or not ($name)",
  async ({ open }) => {
    await using bench = await open();
    const here = await bench.clone("a");
    const { repoDir, git } = here;
    const mine = await commitOn(here, await bench.ref("main"), "mine");
    const theirs = await bench.commit({ "h.txt": "h" });
    const updates = [{ ref: "refs/heads/main", to: mine }];
    await expect(git.push({ repoDir, updates })).rejects.toMatchObject({ reason: "stale" });
    await bench.fetch(here);
    await expect(git.push({ repoDir, updates })).rejects.toMatchObject({ reason: "stale" });
    expect(await bench.ref("main")).toBe(theirs);
  },
);

const pairs = benches.flatMap((each) => [true, false].map((atomic) => ({ ...each, atomic })));

test.for(pairs)("two refs of which one is refused ($name; $atomic)", async ({ open, atomic }) => {
  await using bench = await open();
  const here = await bench.clone("a");
  const { repoDir, git } = here;
  const commit = await commitOn(here, await bench.ref("main"), "one");
  const updates = [
    { ref: "refs/heads/main", to: commit, lease: commit },
    { ref: custom, to: commit, lease: "" },
  ];
  const pushed = git.push({ repoDir, updates, atomic });
  await expect(pushed).rejects.toMatchObject({ reason: "stale" });
  expect(await bench.ref(custom)).toBe(atomic ? undefined : commit);
  expect(await git.readRef(repoDir, trackingRef(custom))).toBe(atomic ? undefined : commit);
});

test.for(benches)(
  "a fetch brings what is below a name, and forgets what is gone there ($name)",
  async ({ open }) => {
    await using bench = await open();
    const here = await bench.clone("a");
    const { repoDir, git } = here;
    const one = await bench.commit({ "a.txt": "1" }, "side/one", "main");
    await bench.commit({ "a.txt": "2" }, "other", "main");
    await git.fetchRefs({ repoDir }, ["refs/heads/side/"]);
    const tracked = (name: string) => git.readRef(repoDir, trackingRef(`refs/heads/${name}`));
    expect([await tracked("side/one"), await tracked("other")]).toEqual([one, undefined]);
    await bench.deleteRef("refs/heads/side/one");
    await git.fetchRefs({ repoDir }, ["refs/heads/other"]);
    expect(await tracked("side/one")).toBe(one);
    await git.fetchRefs({ repoDir }, ["refs/heads/side/"]);
    expect(await tracked("side/one")).toBeUndefined();
    expect(await git.readRef(repoDir, one)).toBe(one);
  },
);

test.for(benches)(
  "a log goes along first parents, or everywhere, up to what is known ($name)",
  async ({ open }) => {
    await using bench = await open();
    const here = await bench.clone("a");
    const { repoDir, git } = here;
    const root = (await bench.ref("main")) ?? "";
    const main = await commitOn(here, root, "main");
    const side = await commitOn(here, root, "side\n\nGastown-Term: 7");
    const tree = await git.emptyTree(repoDir);
    const people = { author: townPerson, committer: townPerson };
    const parents = [main, side];
    const tip = await git.commitTree({
      repoDir,
      tree,
      parents,
      message: "m",
      trailers: {},
      ...people,
    });
    const ids = async (wanted: object) =>
      (await git.log({ repoDir, tip, ...wanted })).map(({ commit }) => commit);
    expect(await ids({})).toEqual([tip, main, root]);
    expect(await ids({ max: 2 })).toEqual([tip, main]);
    expect(await ids({ since: main })).toEqual([tip]);
    expect((await ids({ since: main, isFirstParent: false })).toSorted()).toEqual(
      [side, tip].sort(),
    );
    const either = { trailers: ["Gastown-Bead", "Gastown-Term"] };
    expect(await ids({ ...either, isFirstParent: false })).toEqual([side]);
    expect(await ids({ trailers: ["Gastown-Term"] })).toEqual([]);
  },
);

test.for(benches)("a signal that is raised stops what has not begun ($name)", async ({ open }) => {
  await using bench = await open();
  const { repoDir, git } = await bench.clone("a");
  const signal = AbortSignal.abort();
  const fetching = git.fetchRefs({ repoDir, signal }, ["refs/heads/"]);
  await expect(fetching).rejects.toMatchObject({ reason: "cancelled" });
  const updates = [{ ref: custom, to: (await bench.ref("main")) ?? "" }];
  const pushing = git.push({ repoDir, updates, signal });
  await expect(pushing).rejects.toMatchObject({ reason: "cancelled" });
  const nowhere = git.readRef("/nowhere/at/all", "refs/heads/main");
  await expect(nowhere).rejects.toMatchObject({ reason: "not_found" });
});
