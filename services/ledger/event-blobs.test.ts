import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { withReader } from "#services/git/object-reader.ts";
import { type Blob, changedBlobs, readBlobs } from "./event-blobs.ts";

vi.setConfig({ testTimeout: 120_000 });

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "gt-blobs-"));
  git(["init", "-q", "--bare"]);
});
afterAll(() => rmSync(dir, { recursive: true }));

function git(args: string[], input = ""): string {
  return execFileSync("git", args, { cwd: dir, encoding: "utf8", input });
}

type File = { path: string; mode: string; text: string };

const within = ".beads/events/vm-a";
const names = ["a", "a.jsonl", "a-b", "a0", "é.jsonl", 'q"\n', "b"];
/** Depths differ, so that one commit has a file where the other has a folder. */
const file: fc.Arbitrary<File> = fc.record({
  path: fc.oneof(
    fc
      .array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
      .map((parts) => [within, ...parts].join("/")),
    fc.constantFrom(within, ".beads/events/vm-ab/a.jsonl", ".beads/issues.jsonl"),
  ),
  mode: fc.constantFrom("100644", "100644", "100644", "100755", "120000", "160000"),
  text: fc.constantFrom("one\n", "two\n", ""),
});

/** Commit files, later ones in place of earlier ones where both cannot be. */
function commit(files: readonly File[]): string {
  const rows = files.map(({ path, mode, text }) => {
    const quoted = JSON.stringify(path);
    if (mode === "160000") return `M 160000 ${"1".repeat(40)} ${quoted}\n`;
    return `M ${mode} inline ${quoted}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
  });
  const head =
    "reset refs/x\n\ncommit refs/x\nmark :1\ncommitter a <a@b.invalid> 0 +0000\ndata 0\n";
  const stream = `${head}deleteall\n${rows.join("")}\nget-mark :1\n`;
  return git(["fast-import", "--quiet", "--force"], stream).trim();
}

/** The same by git's own commands; a submodule has nothing to read. */
function asked(old: string | undefined, oid: string): Blob[] {
  const from = old ?? git(["mktree"]).trim();
  const options = ["-r", "-z", "--no-renames", "--diff-filter=AMT"];
  const parts = git(["diff-tree", ...options, from, oid, "--", `${within}/`]).split("\0");
  const blobs: Blob[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [, mode, , blob = ""] = (parts[index] ?? "").split(" ");
    if (mode !== "160000") blobs.push({ oid: blob, path: parts[index + 1] ?? "" });
  }
  return blobs;
}

test("the files that differ are those that git's own comparison names", async () => {
  const files = fc.array(file, { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(files, files, fc.boolean(), async (some, others, isPacked) => {
      const [old, oid] = [commit(some), commit([...some, ...others])];
      const expected = [undefined, old].map((from) => asked(from, oid));
      const back = asked(oid, old);
      if (isPacked) {
        git(["update-ref", "refs/kept", old]);
        git(["repack", "-q", "-a", "-d"]);
      }
      await withReader(dir, {}, async (reader) => {
        expect(await changedBlobs(reader, undefined, oid, within)).toEqual(expected[0]);
        expect(await changedBlobs(reader, old, oid, within)).toEqual(expected[1]);
        expect(await changedBlobs(reader, oid, old, within)).toEqual(back);
        expect(await changedBlobs(reader, oid, oid, within)).toEqual([]);
      });
    }),
    { numRuns: 20 },
  );
});

test("a file that became another kind with the same bytes differs", async () => {
  const path = `${within}/a.jsonl`;
  const [old, oid] = ["100644", "120000"].map((mode) => commit([{ path, mode, text: "one\n" }]));
  await withReader(dir, {}, async (reader) => {
    const changed = await changedBlobs(reader, old, oid ?? "", within);
    expect(changed).toEqual(asked(old, oid ?? ""));
    expect(changed).toHaveLength(1);
  });
});

test("lines are read of segments alone, and the same bytes once", async () => {
  const files = ["a/1.jsonl", "b/1.jsonl", "b/2.jsonl", "b/notes.txt"].map((name, index) => {
    return { path: `${within}/${name}`, mode: "100644", text: `${index >> 1}\nline\n` };
  });
  const oid = commit(files);
  await withReader(dir, {}, async (reader) => {
    const lines = await readBlobs(reader, await changedBlobs(reader, undefined, oid, within));
    expect(lines.map((one) => one.lines)).toEqual([
      ["0", "line"],
      ["1", "line"],
    ]);
    const lost = readBlobs(reader, [{ oid: "2".repeat(40), path: "x.jsonl" }]);
    await expect(lost).rejects.toMatchObject({ reason: "not_found" });
  });
});
