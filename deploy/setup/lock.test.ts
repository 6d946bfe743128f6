import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tryLock, withLock } from "./lock.mjs";

let home = "";
let path = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "gt-lock-"));
  path = join(home, "setup.lock");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test("a lock is held while the work runs and gone afterwards, also when it fails", async () => {
  const { signal } = new AbortController();
  expect(await withLock(path, async () => existsSync(path), signal)).toBe(true);
  const fails = withLock(path, () => Promise.reject(new Error("no")), signal);
  await expect(fails).rejects.toThrow("no");
  expect(readdirSync(home)).toEqual([]);
});

test("a living process's lock is left alone, a dead one's is taken over", () => {
  writeFileSync(path, String(process.ppid));
  expect(tryLock(path)).toBe(false);
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(path, String(gone));
  expect(tryLock(path)).toBe(true);
  expect(readdirSync(home)).toEqual(["setup.lock"]);
});

test("waiting for a lock ends with the signal", async () => {
  writeFileSync(path, String(process.ppid));
  const stop = new AbortController();
  const waiting = withLock(path, async () => "ran", stop.signal);
  stop.abort();
  await expect(waiting).rejects.toThrow("aborted");
});
