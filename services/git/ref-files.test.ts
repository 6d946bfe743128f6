import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findRef, listRefs } from "./ref-files.ts";
import { gitSpawns } from "./run-git.ts";

vi.setConfig({ testTimeout: 60_000 });

let dir = "";
let commits: string[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gt-refs-"));
  git(["init", "-q", "--bare"]);
  const tree = git(["mktree"]);
  const who = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"];
  commits = ["1", "2"].map((words) => git([...who, "commit-tree", "-m", words, tree]));
});
afterEach(() => rmSync(dir, { recursive: true }));

function git(args: string[], input = ""): string {
  return execFileSync("git", args, { cwd: dir, encoding: "utf8", input }).trim();
}

const folders = ["refs/remotes/origin", "refs/gastown-noted"];

/** The same, as git says it. */
function asked(): [string, string][] {
  const rows = git(["for-each-ref", "--format=%(refname) %(objectname)", ...folders]).split("\n");
  return rows.filter((row) => row !== "").map((row) => row.split(" ") as [string, string]);
}

async function expectAsGit(): Promise<void> {
  expect([...(await listRefs(dir, folders))]).toEqual(asked());
}

const names = ["remotes/origin/main", "remotes/origin/machines/a", "remotes/origin/machines/b"];
const refs = [...names, "gastown-noted/main", "remotes/origin2/main", "heads/remotes/origin"];

test("files and packed refs are told as git tells them, whatever was done to them", async () => {
  const ref = fc.constantFrom(...refs.map((name) => `refs/${name}`));
  const step = fc.oneof(
    fc.record({ ref, to: fc.nat(1) }),
    fc.record({ ref, to: fc.constant(undefined) }),
    fc.constant("pack" as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      for (const one of steps) {
        if (one === "pack") git(["pack-refs", "--all", "--prune"]);
        else if (one.to === undefined) git(["update-ref", "-d", one.ref]);
        else git(["update-ref", one.ref, commits[one.to] ?? ""]);
      }
      const before = gitSpawns();
      await expectAsGit();
      const all = new Map(asked());
      for (const name of names) {
        expect(await findRef(dir, `refs/${name}`)).toBe(all.get(`refs/${name}`));
      }
      expect(gitSpawns()).toBe(before);
    }),
    { numRuns: 15 },
  );
});

test("a file is newer than what was packed of the same ref", async () => {
  git(["update-ref", "refs/remotes/origin/main", commits[0] ?? ""]);
  git(["pack-refs", "--all"]);
  git(["update-ref", "refs/remotes/origin/main", commits[1] ?? ""]);
  const ref = "refs/remotes/origin/main";
  expect([...(await listRefs(dir, folders))]).toEqual([[ref, commits[1]]]);
  expect(await findRef(dir, ref)).toBe(commits[1]);
});

test("what is no ref is none: a lock, a torn file, a tag's own line", async () => {
  git(["update-ref", "refs/remotes/origin/main", commits[0] ?? ""]);
  const who = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"];
  git([...who, "tag", "-a", "-m", "t", "t", commits[0] ?? ""]);
  git(["update-ref", "refs/remotes/origin/tag", git(["rev-parse", "refs/tags/t"])]);
  git(["pack-refs", "--all"]);
  const folder = join(dir, "refs/remotes/origin");
  mkdirSync(join(folder, "empty"), { recursive: true });
  writeFileSync(join(folder, "main.lock"), `${commits[1]}\n`);
  writeFileSync(join(folder, "torn"), "0123");
  await expectAsGit();
  expect(asked()).toHaveLength(2);
  rmSync(join(folder, "torn"));
  expect(await findRef(dir, "refs/remotes/origin")).toBeUndefined();
  expect(await findRef(dir, "refs/remotes/origin/main/below")).toBeUndefined();
});

test("where one ref refers to another, or refs are kept otherwise, git is asked", async () => {
  git(["update-ref", "refs/remotes/origin/main", commits[0] ?? ""]);
  git(["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
  await expectAsGit();
  expect(await findRef(dir, "refs/remotes/origin/HEAD")).toBe(commits[0]);
  git(["symbolic-ref", "-d", "refs/remotes/origin/HEAD"]);
  mkdirSync(join(dir, "reftable"));
  const before = gitSpawns();
  await expectAsGit();
  expect(await findRef(dir, "refs/remotes/origin/main")).toBe(commits[0]);
  expect(gitSpawns()).toBe(before + 2);
});
