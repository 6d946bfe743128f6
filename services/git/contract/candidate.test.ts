import { describe, expect, test, vi } from "vitest";
import { agentPerson } from "#services/identity/person.ts";
import { buildCandidate } from "../candidate.ts";
import { type Bench, benches } from "./bench.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const people = {
  author: agentPerson("rigs/alpha/polecats/nux"),
  committer: agentPerson("rigs/alpha/refinery"),
};
const origin = { request: "al-mr1", bead: "al-1", epoch: "1.1", worker: "rigs/alpha/polecats/nux" };

async function build(bench: Bench, branch: string, strategy: "merge" | "squash" = "merge") {
  const here = await bench.clone("clone");
  await bench.fetch(here);
  const refs = { target: "refs/remotes/origin/main", branch: `refs/remotes/origin/${branch}` };
  const wanted = { ...here, ...refs, message: "Add a", origin, ...people, strategy };
  return { ...here, built: await buildCandidate(wanted) };
}

describe.for(benches)("$name", ({ open }) => {
  test.for(["merge", "squash"] as const)("a %s names where it comes from", async (strategy) => {
    await using bench = await open();
    const work = await bench.commit({ "a.txt": "a" }, "work", "main");
    const main = await bench.commit({ "b.txt": "b" });
    const { repoDir, git, built } = await build(bench, "work", strategy);
    if (built.kind !== "candidate") throw new Error(built.kind);
    const [entry] = await git.log({ repoDir, tip: built.commit, max: 1 });
    expect(entry?.parents).toEqual(strategy === "merge" ? [main, work] : [main]);
    expect(entry?.trailers).toMatchObject({ "Gastown-Request": "al-mr1", "Gastown-Epoch": "1.1" });
    expect(await git.treeOf(repoDir, built.commit)).toBe(built.tree);
    expect(built.tree).not.toBe(await git.treeOf(repoDir, work));
    // Nothing that was there is lost by the merge.
    const back = { kind: "tree", tree: built.tree };
    expect(await git.mergeTrees(repoDir, built.commit, work)).toEqual(back);
  });

  test("a conflict names its paths, whatever they are called", async () => {
    await using bench = await open();
    await bench.commit({ "ü b.txt": "one", "c.txt": "one", "ok.txt": "x" }, "work", "main");
    await bench.commit({ "ü b.txt": "two", "c.txt": "two" });
    const { built } = await build(bench, "work");
    expect(built).toEqual({ kind: "conflict", paths: ["c.txt", "ü b.txt"] });
  });

  test("what is merged already, or changes nothing, is empty", async () => {
    await using bench = await open();
    await bench.commit({}, "nothing", "main");
    expect((await build(bench, "nothing")).built).toEqual({ kind: "empty" });
    await bench.commit({ "a.txt": "same" }, "same", "main");
    await bench.commit({ "a.txt": "same" });
    expect((await build(bench, "same")).built).toEqual({ kind: "empty" });
    expect((await build(bench, "main")).built).toEqual({ kind: "empty" });
  });

  test("a branch that goes on from a merge is merged by what came since", async () => {
    await using bench = await open();
    await bench.commit({ "a.txt": "1" }, "work", "main");
    const first = await build(bench, "work");
    if (first.built.kind !== "candidate") throw new Error(first.built.kind);
    const { repoDir, git } = first;
    const main = [{ ref: "refs/heads/main", to: first.built.commit }];
    await git.push({ repoDir, updates: main });
    await bench.commit({ "a.txt": "2" }, "work");
    await bench.commit({ "b.txt": "b" });
    const second = await build(bench, "work");
    expect(second.built).toMatchObject({ kind: "candidate" });
  });

  test("a branch that does not exist, or shares no history, is refused by name", async () => {
    await using bench = await open();
    const gone = build(bench, "gone");
    await expect(gone).rejects.toMatchObject({ reason: "not_found" });
    await bench.island("island");
    await expect(build(bench, "island")).rejects.toThrow("unrelated histories");
  });
});
