import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { objectId, readLoose, writeLoose } from "./loose-object.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gt-loose-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

test.for(["sha1", "sha256"])(
  "what is written here git reads, and the other way: %s",
  async (hash) => {
    const other = join(dir, hash);
    execFileSync("git", ["init", "-q", "--bare", `--object-format=${hash}`, other]);
    const like = "0".repeat(hash === "sha1" ? 40 : 64);
    const bytes = Buffer.from("some\0bytes\n".repeat(9_000));
    const [oid = ""] = await writeLoose(other, [{ type: "blob", bytes }], like);
    const run = { cwd: other };
    expect(execFileSync("git", ["cat-file", "blob", oid], run).equals(bytes)).toBe(true);
    execFileSync("git", ["fsck", "--strict", "--no-dangling"], { ...run, stdio: "pipe" });
    expect(await readLoose(other, oid)).toEqual({ type: "blob", bytes });
    expect(await writeLoose(other, [{ type: "blob", bytes }], like)).toEqual([oid]);
    expect(objectId({ type: "blob", bytes }, like)).toBe(oid);
  },
);

test("where one of several cannot be written nothing half made is left", async () => {
  execFileSync("git", ["init", "-q", "--bare", dir]);
  const like = "0".repeat(40);
  const objects = ["one", "two", "three"].map((text) => {
    return { type: "blob", bytes: Buffer.from(text) };
  });
  const [oid = ""] = objects.slice(1).map((object) => objectId(object, like));
  writeFileSync(join(dir, "objects", oid.slice(0, 2)), "in the way of a folder");
  await expect(writeLoose(dir, objects, like)).rejects.toMatchObject({ code: "ENOTDIR" });
  const left = readdirSync(join(dir, "objects"), { recursive: true }).map(String);
  expect(left.filter((path) => path.includes("tmp_obj_"))).toEqual([]);
  expect(await readLoose(dir, oid)).toBeUndefined();
});
