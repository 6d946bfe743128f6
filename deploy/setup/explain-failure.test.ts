import { expect, test } from "vitest";
import { explainFailure } from "./explain-failure.mjs";

test.for([
  ["spawn npm ENOENT", "npm is not on the PATH"],
  ["npm error code EAI_AGAIN", "registry does not answer"],
  ["npm error code ENOTCACHED", "registry does not answer"],
  ["npm error code EACCES", "may not write"],
  ["npm error code ENOSPC", "disk is full"],
  ["npm error `npm ci` can only install packages when … are in sync", "disagree"],
] as const)("%s is explained", ([output, expected]) => {
  expect(explainFailure("npm ci", output)).toContain(expected);
});

test("an unknown failure shows the end of the output, bounded", () => {
  const output = Array.from({ length: 100 }, (_, line) => `line ${line}`).join("\n");
  const text = explainFailure("npm ci", output);
  expect(text).toMatch(/^npm ci failed\.\nline 88\n/);
  expect(text).toMatch(/line 99$/);
});
