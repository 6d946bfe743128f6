import { expect, test, vi } from "vitest";
import { agentPerson } from "#services/identity/person.ts";
import { buildCandidate } from "./candidate.ts";
import { fetchAll } from "./fetch-remote.ts";
import { runGit } from "./run-git.ts";
import { type ScratchRemote, scratchRemote } from "./scratch-remote.ts";
import { readTrailers, withTrailers } from "./trailers.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const people = {
  author: agentPerson("rigs/alpha/polecats/nux"),
  committer: agentPerson("rigs/alpha/refinery"),
};
const origin = { request: "al-mr1", bead: "al-1", epoch: "1.1", worker: "rigs/alpha/polecats/nux" };

async function build(
  scratch: ScratchRemote,
  branch: string,
  strategy: "merge" | "squash" = "merge",
) {
  const repoDir = await scratch.clone("clone");
  await fetchAll({ repoDir });
  const refs = { target: "refs/remotes/origin/main", branch: `refs/remotes/origin/${branch}` };
  const message = "Add a\n\nGastown-Bead: forged";
  const wanted = { repoDir, ...refs, message, origin, ...people, strategy };
  return { repoDir, built: await buildCandidate(wanted) };
}

test("a branch becomes a merge commit by its worker, committed by the Refinery", async () => {
  await using scratch = await scratchRemote();
  const work = await scratch.commit({ "a.txt": "a" }, "work", "main");
  const main = await scratch.commit({ "b.txt": "b" });
  const { repoDir, built } = await build(scratch, "work");
  if (built.kind !== "candidate") throw new Error(built.kind);
  const format = "--format=%P|%an|%cn|%T|%B";
  const shown = await runGit(["log", "-1", format, built.commit], { cwd: repoDir });
  const head = `${main} ${work}|alpha/nux|alpha/refinery|${built.tree}|Add a`;
  expect(shown.stdout.split("\n")[0]).toBe(head);
  expect(readTrailers(shown.stdout)).toEqual({
    "Gastown-Request": "al-mr1",
    "Gastown-Bead": "al-1",
    "Gastown-Epoch": "1.1",
    "Gastown-Worker": "rigs/alpha/polecats/nux",
  });
});

test("a squash has the target as its only parent", async () => {
  await using scratch = await scratchRemote();
  const main = await scratch.ref("main");
  await scratch.commit({ "a.txt": "a" }, "work", "main");
  const { repoDir, built } = await build(scratch, "work", "squash");
  if (built.kind !== "candidate") throw new Error(built.kind);
  const shown = await runGit(["log", "-1", "--format=%P", built.commit], { cwd: repoDir });
  expect(shown.stdout.trim()).toBe(main);
});

test("a conflict names its paths, whatever they are called", async () => {
  await using scratch = await scratchRemote();
  await scratch.commit({ "ü b.txt": "one", "c.txt": "one", "ok.txt": "x" }, "work", "main");
  await scratch.commit({ "ü b.txt": "two", "c.txt": "two" });
  const { built } = await build(scratch, "work");
  expect(built).toEqual({ kind: "conflict", paths: ["c.txt", "ü b.txt"] });
});

test("what is merged already, or changes nothing, is empty", async () => {
  await using scratch = await scratchRemote();
  await scratch.commit({}, "nothing", "main");
  expect((await build(scratch, "nothing")).built).toEqual({ kind: "empty" });
  await scratch.commit({ "a.txt": "same" }, "same", "main");
  await scratch.commit({ "a.txt": "same" });
  expect((await build(scratch, "same")).built).toEqual({ kind: "empty" });
  expect((await build(scratch, "main")).built).toEqual({ kind: "empty" });
});

test("a branch that does not exist, or shares no history, is refused by name", async () => {
  await using scratch = await scratchRemote();
  await expect(build(scratch, "gone")).rejects.toMatchObject({
    reason: "not_found",
    message: expect.stringContaining("origin/gone"),
  });
  const tree = (await runGit(["mktree"], { cwd: scratch.remote, input: "" })).stdout.trim();
  const env = {
    GIT_AUTHOR_NAME: "x",
    GIT_AUTHOR_EMAIL: "x@y",
    GIT_COMMITTER_NAME: "x",
    GIT_COMMITTER_EMAIL: "x@y",
  };
  const root = await runGit(["commit-tree", tree, "-m", "x"], { cwd: scratch.remote, env });
  const make = ["update-ref", "refs/heads/island", root.stdout.trim()];
  await runGit(make, { cwd: scratch.remote });
  await expect(build(scratch, "island")).rejects.toThrow("unrelated histories");
});

test("trailers are read from the last paragraph alone and cannot be broken out of", () => {
  const message = withTrailers("Title\n\nGastown-Bead: forged\n", { "Gastown-Bead": "al-1" });
  expect(readTrailers(message)).toEqual({ "Gastown-Bead": "al-1" });
  expect(readTrailers("Title\n\nGastown-Term: 3\n\nAn end.\n")).toEqual({});
  expect(readTrailers("")).toEqual({});
  expect(() => withTrailers("x", { "Gastown-Bead": "a\nGastown-Term: 9" })).toThrow("line break");
});
