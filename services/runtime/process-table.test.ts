import { expect, test } from "vitest";
import { parsePs, parseStat, systemProcesses } from "./process-table.ts";

test("a process's name may hold what separates the fields", () => {
  const fields = ["S", "12", "40", "40", ...Array.from({ length: 15 }, () => "0"), "777", "1"];
  const row = parseStat(`41 (a) b (c) ${fields.join(" ")}`, "boot");
  expect(row).toEqual({
    pid: 41,
    parent: 12,
    group: 40,
    startTime: "boot-777",
    age: 777,
    dead: false,
  });
  expect(parseStat("", "boot")).toBeUndefined();
});

test("a line of ps reads the same way", () => {
  expect(parsePs("  41   12   40 Z+   Sat Nov 21 02:25:38 2026")).toMatchObject({
    pid: 41,
    parent: 12,
    group: 40,
    dead: true,
    startTime: "Sat Nov 21 02:25:38 2026",
  });
  expect(parsePs("")).toBeUndefined();
});

test.for(["linux", "darwin"] as const)("the table of %s knows this process", async (platform) => {
  const table = systemProcesses(platform);
  const row = await table.row(process.pid);
  expect(row).toMatchObject({ pid: process.pid, parent: process.ppid, dead: false });
  const listed = (await table.all()).find(({ pid }) => pid === process.pid);
  expect(listed?.startTime).toBe(row?.startTime);
  expect(await table.row(2 ** 22 + 1)).toBeUndefined();
});
