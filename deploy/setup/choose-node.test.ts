import { expect, test } from "vitest";
import { chooseNode, stripsTypes } from "./choose-node.mjs";

test.for([
  ["18.20.0", false],
  ["20.20.2", false],
  ["22.17.9", false],
  ["22.18.0", true],
  ["23.11.0", false],
  ["24.0.0", true],
  ["26.1.0", true],
] as const)("Node %s strips types: %s", ([version, expected]) => {
  expect(stripsTypes(version)).toBe(expected);
});

const old = { version: "20.20.2", platform: "linux", arch: "x64", glibc: true, fetched: false };

test("a user's Node that is new enough is never replaced, whatever was fetched before", () => {
  expect(chooseNode({ ...old, version: "22.18.0", fetched: true })).toEqual({ use: "own" });
  expect(chooseNode({ ...old, version: "24.1.0", platform: "darwin" })).toEqual({ use: "own" });
});

test("an old Node on Linux x64 is replaced once", () => {
  expect(chooseNode(old)).toEqual({ use: "fetch" });
  expect(chooseNode({ ...old, fetched: true })).toEqual({ use: "fetched" });
});

test.for([
  { platform: "darwin", arch: "arm64", glibc: false },
  { platform: "linux", arch: "arm64", glibc: true },
  { platform: "linux", arch: "x64", glibc: false },
  { platform: "win32", arch: "x64", glibc: false },
])("$platform $arch (glibc $glibc) is told what it needs", (host) => {
  const choice = chooseNode({ ...old, ...host });
  expect(choice.use === "none" && choice.why).toContain("Node 22.18 or newer is required here");
});
