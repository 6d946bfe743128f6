import { mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { remotePlace } from "./remote-place.ts";

test.for([
  ["https://GitHub.com/a/b.git", "https://github.com/a/b/"],
  ["git@github.com:a/b.git", "ssh://git@github.com/a/b"],
  ["/no/such/place.git", "file:///no/such/place.git/"],
] as const)("%s is %s", ([one, other]) => {
  expect(remotePlace(one)).toBe(remotePlace(other));
});

test.for([
  ["https://github.com/a/b", "https://github.com/a/B"],
  ["/no/such/place.git", "/no/such/place"],
  ["git@github.com:a/b", "git@example.com:a/b"],
] as const)("%s is not %s", ([one, other]) => {
  expect(remotePlace(one)).not.toBe(remotePlace(other));
});

test("a link is where it leads", () => {
  const dir = mkdtempSync(join(tmpdir(), "gt-place-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  symlinkSync(dir, join(dir, "link"));
  expect(remotePlace(join(dir, "link"))).toBe(realpathSync(dir));
});
