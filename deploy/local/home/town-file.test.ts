import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { noteProcess, parseTownFile, readTownFile } from "./town-file.ts";

test("what was noted is read again, and an absent file is none", () => {
  const home = mkdtempSync(join(tmpdir(), "gt-home-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  expect(readTownFile(join(home, "none"))).toBeUndefined();
  noteProcess(home, "town", { pid: 7, startTime: "a" });
  noteProcess(home, "machines/vm-a", { pid: 8, startTime: "b" });
  expect(readTownFile(home)).toMatchObject({
    version: 1,
    address: "",
    pids: { town: { pid: 7, startTime: "a" }, "machines/vm-a": { pid: 8, startTime: "b" } },
  });
});

test.for([
  ["{", "/h/town.json cannot be read: it is not JSON"],
  ['{"version":2}', "/h/town.json is of version 2, and this Gas Town knows 1"],
  ['{"version":1,"town":"t"}', "/h/town.json cannot be read: address"],
  ["[]", "/h/town.json cannot be read"],
] as const)("%s is refused with the reason", ([text, message]) => {
  expect(() => parseTownFile(text, "/h/town.json")).toThrow(message);
});

test("what a later program adds is kept", () => {
  const text = '{"version":1,"town":"t","address":"a:1","more":[1]}';
  expect(parseTownFile(text, "p")).toMatchObject({ more: [1], pids: {} });
});
