import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Disk } from "./disk.ts";
import { MemoryDisk } from "./disk-memory.ts";
import { nodeDisk } from "./disk-node.ts";

async function onNode(): Promise<{ disk: Disk; dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), "gt-disk-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return { disk: nodeDisk, dir };
}

async function inMemory(): Promise<{ disk: Disk; dir: string }> {
  const disk = new MemoryDisk();
  await disk.makeDir("/home");
  return { disk, dir: "/home" };
}

async function write(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.open(path);
  await file.append(Buffer.from(text));
  await file.sync();
  await file.close();
}

const textOf = async (disk: Disk, path: string) => new TextDecoder().decode(await disk.read(path));

describe.for([
  ["the real disk", onNode],
  ["a disk in memory", inMemory],
] as const)("%s", ([, open]) => {
  test("appends to files, lists them apart from folders, cuts them", async () => {
    const { disk, dir } = await open();
    expect(await disk.makeDir(`${dir}/a/b`)).toBe(`${dir}/a`);
    expect(await disk.makeDir(`${dir}/a/b`)).toBeUndefined();
    await write(disk, `${dir}/a/two`, "one ");
    await write(disk, `${dir}/a/two`, "two");
    await write(disk, `${dir}/a/one`, "");
    expect(await textOf(disk, `${dir}/a/two`)).toBe("one two");
    await disk.truncate(`${dir}/a/two`, 3);
    expect(await textOf(disk, `${dir}/a/two`)).toBe("one");
    expect(await disk.list(`${dir}/a`)).toEqual(["one", "two"]);
    expect(await disk.listDirs(`${dir}/a`)).toEqual(["b"]);
    expect(await disk.list(`${dir}/nowhere`)).toEqual([]);
    await expect(disk.read(`${dir}/nowhere`)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(disk.syncDir(`${dir}/nowhere`)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("renames a folder with all in it, over an empty one too, and no other", async () => {
    const { disk, dir } = await open();
    await disk.makeDir(`${dir}/a/b`);
    await write(disk, `${dir}/a/b/file`, "kept");
    await disk.rename(`${dir}/a`, `${dir}/c`);
    expect(await disk.listDirs(dir)).toEqual(["c"]);
    expect(await textOf(disk, `${dir}/c/b/file`)).toBe("kept");
    await disk.makeDir(`${dir}/d`);
    await disk.rename(`${dir}/c`, `${dir}/d`);
    expect(await textOf(disk, `${dir}/d/b/file`)).toBe("kept");
    await disk.makeDir(`${dir}/e`);
    await expect(disk.rename(`${dir}/e`, `${dir}/d`)).rejects.toMatchObject({ code: "ENOTEMPTY" });
    await expect(disk.rename(`${dir}/x`, `${dir}/y`)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("removes a file, a folder with all in it, and what is not there", async () => {
    const { disk, dir } = await open();
    await disk.makeDir(`${dir}/a/b`);
    await write(disk, `${dir}/a/b/file`, "x");
    await write(disk, `${dir}/file`, "x");
    await disk.remove(`${dir}/file`);
    await disk.remove(`${dir}/a`);
    await disk.remove(`${dir}/nowhere/at/all`);
    expect(await disk.list(dir)).toEqual([]);
    expect(await disk.listDirs(dir)).toEqual([]);
  });
});

test("a crash takes back what no folder was synced for: names, new names, removals", async () => {
  const disk = new MemoryDisk();
  await disk.makeDir("/a/old");
  await write(disk, "/a/old/file", "kept");
  for (const dir of ["/", "/a", "/a/old"]) await disk.syncDir(dir);
  await disk.rename("/a/old", "/a/new");
  disk.crash();
  expect(disk.paths()).toEqual(["/a/old/file"]);
  await disk.remove("/a/old");
  disk.crash();
  expect(disk.paths()).toEqual(["/a/old/file"]);
  await disk.rename("/a/old", "/a/new");
  await disk.syncDir("/a");
  await write(disk, "/a/new/late", "");
  disk.crash();
  expect(disk.paths()).toEqual(["/a/new/file"]);
  await disk.rename("/a/new", "/a/newer");
  await write(disk, "/a/newer/late", "");
  await disk.remove("/a/newer/file");
  disk.crash(undefined, "removals");
  expect(disk.paths()).toEqual([]);
  expect(await disk.listDirs("/a")).toEqual(["new"]);
  await disk.rename("/a/new", "/a/newer");
  disk.crash(undefined, "all");
  expect(await disk.listDirs("/a")).toEqual(["newer"]);
});

test("a copy of a disk in memory has what it had, and each then goes its own way", async () => {
  const disk = new MemoryDisk();
  await disk.makeDir("/home");
  await write(disk, "/home/file", "one ");
  const copy = disk.copy();
  await write(disk, "/home/file", "two");
  await write(copy, "/home/file", "2");
  copy.crash(); // The name was never synced.
  expect(await textOf(disk, "/home/file")).toBe("one two");
  expect(copy.paths()).toEqual([]);
  await disk.syncDir("/home");
  await disk.syncDir("/");
  const later = disk.copy();
  later.crash();
  expect(await textOf(later, "/home/file")).toBe("one two");
});
