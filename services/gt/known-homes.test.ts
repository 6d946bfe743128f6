import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { forgetHome, knownHomes, knownHomesPath, rememberHome } from "./known-homes.ts";

function scratchState(): { XDG_STATE_HOME: string } {
  const dir = mkdtempSync(join(tmpdir(), "gt-state-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return { XDG_STATE_HOME: dir };
}

test("homes are known until they are forgotten, the latest first, each once", () => {
  const env = scratchState();
  expect(knownHomes(env)).toEqual([]);
  rememberHome("/a", env);
  rememberHome("/b", env);
  rememberHome("/a", env);
  expect(knownHomes(env)).toEqual(["/a", "/b"]);
  forgetHome("/a", env);
  forgetHome("/never", env);
  expect(knownHomes(env)).toEqual(["/b"]);
});

test("the user's state folder is taken, and nobody's where there is none", () => {
  expect(knownHomesPath({ HOME: "/h" })).toBe("/h/.local/state/gastown/homes.json");
  expect(knownHomesPath({ HOME: "/h", XDG_STATE_HOME: "/s" })).toBe("/s/gastown/homes.json");
  expect(knownHomesPath({})).toBeUndefined();
  rememberHome("/a", {});
});

test("a file that says nothing we know is as good as none, and is written anew", () => {
  const env = scratchState();
  rememberHome("/a", env);
  writeFileSync(knownHomesPath(env) ?? "", "{");
  expect(knownHomes(env)).toEqual([]);
  rememberHome("/b", env);
  expect(knownHomes(env)).toEqual(["/b"]);
});
