import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isTownError } from "#services/rpc/town-error.ts";
import { readLoose } from "./loose-object.ts";
import { ObjectReader, withReader } from "./object-reader.ts";
import { gitSpawns } from "./run-git.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gt-objects-"));
  execFileSync("git", ["init", "-q", "--bare", dir]);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

function git(args: string[], input = ""): string {
  return execFileSync("git", args, { cwd: dir, encoding: "utf8", input }).trim();
}

const store = (text: string) => git(["hash-object", "-w", "--stdin"], text);

/** Store blobs, and leave them in a pack alone. */
function storePacked(texts: readonly string[]): string[] {
  const oids = texts.map(store);
  const rows = oids.map((oid, index) => `100644 blob ${oid}\tf${index}\n`).join("");
  const who = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"];
  git(["update-ref", "HEAD", git([...who, "commit-tree", "-m", "m", git(["mktree"], rows)])]);
  git(["repack", "-q", "-a", "-d"]);
  return oids;
}

/** A git that does as a script says, until the test ends. */
function fakeGit(script: string): void {
  const bin = join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "git"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv("PATH", `${bin}:${process.env["PATH"]}`);
}

const missing = "0123456789abcdef0123456789abcdef01234567";
const textOf = async (reader: ObjectReader, oid: string) =>
  (await reader.read(oid)).bytes.toString("utf8");

test("objects with files of their own are read without a process", async () => {
  const before = gitSpawns();
  const oids = ["", "one\n", "x".repeat(300_000)].map(store);
  await withReader(dir, {}, async (reader) => {
    const texts = await Promise.all(oids.map((oid) => textOf(reader, oid)));
    expect(texts).toEqual(["", "one\n", "x".repeat(300_000)]);
  });
  expect(gitSpawns()).toBe(before);
});

test("of packed ones many at once and large ones come whole, by one process", async () => {
  const texts = Array.from({ length: 40 }, (_, n) => `${n}\n`.repeat(n * 2_000));
  texts.push("", "\0é\n".repeat(2_000_000));
  const oids = storePacked(texts);
  expect(await readLoose(dir, oids[1] ?? "")).toBeUndefined();
  const before = gitSpawns();
  await withReader(dir, {}, async (reader) => {
    expect(await Promise.all(oids.map((oid) => textOf(reader, oid)))).toEqual(texts);
  });
  expect(gitSpawns()).toBe(before + 1);
});

test("one that is missing fails alone; one that came after git was started is found", async () => {
  const [one = "", two = ""] = storePacked(["one", "two"]);
  await withReader(dir, {}, async (reader) => {
    const reads = [one, missing, two].map((oid) => textOf(reader, oid));
    const ended = await Promise.allSettled(reads);
    expect(ended.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await expect(reads[1]).rejects.toMatchObject({ reason: "not_found" });
    const [late = ""] = storePacked(["one", "late"]).slice(1);
    expect(await textOf(reader, late)).toBe("late");
  });
});

test("a git that dies amid an answer fails those who wait; the next read has another", async () => {
  const [one = "", two = ""] = storePacked(["one", "two"]);
  await withReader(dir, {}, async (reader) => {
    fakeGit('read oid; printf "%s blob 3\\no" "$oid"; echo "fatal: disk" >&2; exit 128');
    const reads = [one, two].map((oid) => reader.read(oid));
    for (const ended of await Promise.allSettled(reads)) {
      const reason = ended.status === "rejected" ? ended.reason : undefined;
      expect(reason).toMatchObject({ reason: "unavailable" });
      expect(String(reason)).toContain("fatal: disk");
    }
    vi.unstubAllEnvs();
    expect(await textOf(reader, two)).toBe("two");
  });
});

test("a git that falls silent is ended, at a signal too, and at the close", async () => {
  const pidFile = join(dir, "pid");
  const isGone = () => {
    const pid = Number(readFileSync(pidFile, "utf8"));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  };
  fakeGit(`echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 600`);
  const slow = new ObjectReader(dir, { timeoutMs: 200 });
  await expect(slow.read(missing)).rejects.toMatchObject({ reason: "unavailable" });
  await slow.close();
  isGone();
  const stop = new AbortController();
  const stopped = new ObjectReader(dir, { signal: stop.signal });
  const reading = stopped.read(missing);
  rmSync(pidFile);
  await vi.waitFor(() => existsSync(pidFile) || Promise.reject(new Error("not yet")));
  stop.abort();
  await expect(reading).rejects.toMatchObject({ reason: "cancelled" });
  await expect(stopped.read(missing)).rejects.toMatchObject({ reason: "cancelled" });
  await stopped.close();
  isGone();
  const closed = new ObjectReader(dir);
  rmSync(pidFile);
  const cut = closed.read(missing).catch((error) => isTownError(error, "cancelled"));
  await vi.waitFor(() => existsSync(pidFile) || Promise.reject(new Error("not yet")));
  await closed.close();
  expect(await cut).toBe(true);
  isGone();
});

test("an answer to what nobody asked is no answer", async () => {
  fakeGit(`read oid; printf "${"a".repeat(40)} blob 1\\nx\\n"; exec sleep 600`);
  const reading = withReader(dir, {}, (reader) => reader.read(missing));
  await expect(reading).rejects.toThrow("what nobody asked");
});

test("what is announced as larger than is accepted is not waited for", async () => {
  fakeGit('read oid; printf "%s blob 99999999999\\nx\\n" "$oid"; exec sleep 600');
  const reading = withReader(dir, {}, (reader) => reader.read(missing));
  await expect(reading).rejects.toMatchObject({ reason: "exhausted" });
});

test("a damaged file is git's to speak of, and one in a pack stands in for it", async () => {
  const [one = ""] = storePacked(["one"]);
  const lost = store("lost");
  for (const oid of [one, lost]) {
    mkdirSync(join(dir, "objects", oid.slice(0, 2)), { recursive: true });
    rmSync(join(dir, "objects", oid.slice(0, 2), oid.slice(2)), { force: true });
    writeFileSync(join(dir, "objects", oid.slice(0, 2), oid.slice(2)), "not zlib");
  }
  await withReader(dir, {}, async (reader) => {
    expect(await textOf(reader, one)).toBe("one");
    await expect(reader.read(lost)).rejects.toMatchObject({ name: "TownError" });
  });
});
