import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { quickStatus } from "./quick-status.ts";

test("commit, branch and every kind of change, odd names included", async () => {
  const path = mkdtempSync(join(tmpdir(), "gt-status-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=n", "-c", "user.email=n@x", ...args], { cwd: path });
  git("init", "-q", "-b", "trunk");
  for (const name of ["kept", "changed file", "old name"]) writeFileSync(join(path, name), name);
  git("add", ".");
  git("commit", "-q", "-m", "one");
  expect(await quickStatus(path)).toMatchObject({ branch: "trunk", dirty: [] });
  writeFileSync(join(path, "changed file"), "else");
  renameSync(join(path, "old name"), join(path, "neuer näme"));
  git("add", "-A", ".");
  writeFileSync(join(path, "un tracked"), "");
  const { dirty, head } = await quickStatus(path);
  expect(dirty.sort()).toEqual(["changed file", "neuer näme", "un tracked"]);
  git("checkout", "-q", "--detach");
  expect(await quickStatus(path)).toMatchObject({ head, branch: undefined });
});
