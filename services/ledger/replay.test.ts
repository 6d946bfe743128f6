import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { exportLines } from "./export.ts";
import { openLedger } from "./ledger.ts";
import { readFolder } from "./read-folder.ts";
import { parsePosition, readEvents, replay } from "./replay.ts";

/** A bead that is made at 1 s, renamed at 2 s by another writer, and closed at 3 s. */
async function history() {
  const disk = new MemoryDisk();
  const random = () => "life0001";
  let nowMs = 1_000;
  const open = (machine: string) => {
    return openLedger({ dir: `/${machine}`, machine, disk, nowMs: () => nowMs, random });
  };
  const [one, other] = [await open("vm-a"), await open("vm-b")];
  await one.append("overseer", [
    { bead: "a", op: "create", values: { id: "alpha-a", fields: { title: "old" } } },
  ]);
  nowMs = 2_000;
  await other.append("mayor", [{ bead: "a", op: "set", values: { fields: { title: "new" } } }]);
  nowMs = 3_000;
  await one.append("overseer", [
    { bead: "a", op: "close", values: { close: "1", kind: "done", reason: "" } },
    { bead: "b", op: "create", values: { id: "alpha-0", fields: { title: "later" } } },
  ]);
  const folders = [await readFolder(disk, "/vm-a"), await readFolder(disk, "/vm-b")];
  return readEvents(folders.flat()).events;
}

test.for([
  ["1970-01-01T00:00:00.999Z", undefined],
  ["1970-01-01T00:00:01Z", "old open"],
  ["1970-01-01T01:00:02.500+01:00", "new open"],
  ["1970-01-01T00:00:03Z", "new closed"],
  ["vm-a.life0001:1", "old open"],
  ["vm-b.life0001:1", "new open"],
  ["vm-a.life0001:2", "new closed"],
] as const)("at %s the bead is %s", async ([position, expected]) => {
  const bead = replay(await history(), parsePosition(position)).bead("a");
  expect(bead && `${bead.title} ${bead.status}`).toBe(expected);
});

test("an event is not half of its moment: what its writer wrote later is left out", async () => {
  const world = replay(await history(), parsePosition("vm-a.life0001:2"));
  expect(world.bead("b")).toBeUndefined();
});

test("a position that is none, and one that is not there, are refused", async () => {
  for (const text of ["yesterday", "vm-a.life0001:0", "17", ""]) {
    expect(() => parsePosition(text)).toThrow("not a position");
  }
  const events = await history();
  expect(() => replay(events, parsePosition("vm-a.life0001:9"))).toThrow("no event");
});

test("an export has every bead as a line, by id", async () => {
  const rows = exportLines(replay(await history())).map((line) => JSON.parse(line));
  expect(rows.map(({ id, title }) => `${id} ${title}`)).toEqual(["alpha-0 later", "alpha-a new"]);
});
