import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { importStream, type NewCommit, type NewFile } from "./fast-import.ts";
import { writeSmallCommit } from "./small-commit.ts";

vi.setConfig({ testTimeout: 120_000 });

let dir = "";
let like = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gt-commit-"));
  git(["init", "-q", "--bare"]);
  like = imported({ ...commit, from: undefined, files: [text("kept/a", "a"), text("top", "")] });
});
afterEach(() => rmSync(dir, { recursive: true }));

function git(args: string[], input: string | Uint8Array = ""): string {
  return execFileSync("git", args, { cwd: dir, encoding: "utf8", input }).trim();
}

const imported = (made: NewCommit) =>
  git(["fast-import", "--quiet", "--force"], importStream(made));
const text = (path: string, content: string): NewFile => ({ path, bytes: Buffer.from(content) });
const commit = {
  author: "vm-a <vm-a@gastown.invalid>",
  atSeconds: 1_700_000_000,
  message: "Events of vm-a: ü\n\nGastown-Term: 1\n",
};

test.for(["sha1", "sha256"])(
  "the commit is the very one that fast-import makes: %s",
  async (hash) => {
    rmSync(dir, { recursive: true });
    execFileSync("git", ["init", "-q", "--bare", `--object-format=${hash}`, dir]);
    const name = fc.constantFrom("a", "a-b", "a.jsonl", "a0", "B", "kept");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const files = fc.array(fc.tuple(path, fc.constantFrom("", "one", "two")), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(files, files, async (some, more) => {
        const begin = some.map(([at, content]) => text(at, content));
        const from = imported({ ...commit, from: undefined, files: begin });
        const other = imported({ ...commit, from: undefined, files: [], message: "other" });
        const blob = git(["hash-object", "-w", "--stdin"], "held");
        const added = more.map(([at, content]): NewFile => {
          return content === "two" ? { path: at, blob } : text(at, content);
        });
        const made = { ...commit, from, merge: [other], files: added };
        const small = await writeSmallCommit(dir, made);
        const paths = more.map(([at]) => at);
        const isTangled = paths.some((one) => paths.some((two) => two.startsWith(`${one}/`)));
        expect(small).toBe(isTangled ? undefined : imported(made));
      }),
      { numRuns: 12 },
    );
    expect(git(["fsck", "--strict", "--no-dangling"])).toBe("");
  },
);

test("every object of it is there, before git has seen any of them", async () => {
  const files = [text(".beads/events/vm-a/vm-a.1/000001.jsonl", "{}\n"), text("kept/b", "b")];
  const made = await writeSmallCommit(dir, { ...commit, from: like, files });
  expect(git(["fsck", "--strict", "--no-dangling", made ?? ""])).toBe("");
  expect(git(["ls-tree", "-r", "--name-only", made ?? ""]).split("\n")).toEqual([
    ".beads/events/vm-a/vm-a.1/000001.jsonl",
    "kept/a",
    "kept/b",
    "top",
  ]);
  expect(git(["rev-list", made ?? ""]).split("\n")).toEqual([made, like]);
});

test.for<[string, Partial<NewCommit>]>([
  ["a first commit", { from: undefined }],
  ["much", { files: [text("a", "x".repeat(1024 * 1024 + 1))] }],
  ["many", { files: Array.from({ length: 17 }, (_, n) => text(`${n}`, "x")) }],
  ...[".git/x", ".GIT/x", "a//b", "../a", "a/.", "git~1", "ü", "a b", "/a"].map(
    (path): [string, Partial<NewCommit>] => [path, { files: [text(path, "x")] }],
  ),
])("%s is left to git", async ([, change]) => {
  const made = { ...commit, from: like, files: [text("a", "x")], ...change };
  expect(await writeSmallCommit(dir, made)).toBeUndefined();
});

test("a disk that takes nothing leaves it to git, which says so", async () => {
  for (let first = 0; first < 256; first += 1) {
    const place = join(dir, "objects", first.toString(16).padStart(2, "0"));
    try {
      writeFileSync(place, ""); // In the way of a folder.
    } catch {
      // The folder is there: an object of the base, which is read from it.
    }
  }
  const made = { ...commit, from: like, files: [text("a/b/c/d/e", "something else")] };
  expect(await writeSmallCommit(dir, made)).toBeUndefined();
});

test("a base that is not here is no base", async () => {
  const made = { ...commit, from: "1".repeat(40), files: [text("a", "x")] };
  await expect(writeSmallCommit(dir, made)).rejects.toMatchObject({ reason: "not_found" });
});
