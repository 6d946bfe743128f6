import { expect, test } from "vitest";
import { refPart } from "./ref-part.ts";
import { runGit } from "./run-git.ts";

test("usual ids stay as they are", () => {
  expect(refPart("al-1x2.implement")).toBe("al-1x2.implement");
  expect(refPart("4.2")).toBe("4.2");
});

test.for([
  "a b",
  "a:b",
  "a..b",
  ".a",
  "-a",
  "a.",
  "x.lock",
  "a~1",
  "a*",
  "a/b",
  "@{u}",
  "ü",
  "a\n",
])("git accepts %j as part of a ref", async (id) => {
  const ref = `refs/gastown/checkpoint/${refPart(id)}/1.1`;
  await runGit(["check-ref-format", ref], { cwd: "." });
  await runGit(["check-ref-format", "--branch", refPart(id)], { cwd: "." });
  expect(decodeURIComponent(refPart(id))).toBe(id);
});
