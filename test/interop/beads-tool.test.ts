import { expect, test } from "vitest";
import { findTool, whySkipped } from "./beads-tool.ts";

test.for([
  ["", "bd is not on the PATH: skipped"],
  ["1.0.5", "bd 1.0.5 is on the PATH, but was not tried: skipped"],
  ["0.49.5", ""],
])("bd %s: %s", ([version, words]) => {
  expect(whySkipped("bd", version ?? "", /^0\.49\./)).toBe(words);
});

test("a tool that is not there is skipped, and so is another program of its name", () => {
  expect(findTool("bd-that-is-nowhere", /./)).toMatchObject({
    version: "",
    skipped: "bd-that-is-nowhere is not on the PATH: skipped",
  });
  expect(findTool("echo", /./).skipped).toBe("echo is not on the PATH: skipped");
});
