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

test("npm's own words follow, bounded and without blanks and warnings", () => {
  const lines = Array.from({ length: 100 }, (_, line) => `npm error line ${line}\nnpm error\n`);
  const text = explainFailure("npm ci", `npm warn EBADENGINE\n${lines.join("")}`);
  expect(text).toMatch(/^npm ci failed\.\nnpm error line 0\nnpm error line 1\n/);
  expect(text).toMatch(/line 7$/);
});
