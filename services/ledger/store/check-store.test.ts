import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryDisk } from "../disk-memory.ts";
import { createBead } from "../drafts.ts";
import { openLedger } from "../ledger.ts";
import { checkStore } from "./check-store.ts";

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "gt-check-store-"));
  path = join(dir, "checkpoint.db");
  const options = { dir: "/j", machine: "vm-a", disk: new MemoryDisk(), nowMs: () => 1_000 };
  const ledger = await openLedger({ ...options, store: path });
  const beads = Array.from({ length: 50 }, (_, number) => {
    return createBead({ uid: `u${number}`, id: `alpha-${number}`, title: `Bead ${number}` });
  });
  await ledger.append("ann", beads);
  await ledger.close();
});
afterEach(() => rm(dir, { recursive: true }));

test("a checkpoint that is as it was put has nothing to be found", () => {
  expect(checkStore(path)).toEqual({ isInUse: false, findings: [] });
});

test("a changed text is found, of a bead and of an event", () => {
  const db = new DatabaseSync(path);
  db.exec("UPDATE bead SET state = replace(state, 'Bead 7', 'Bean 7') WHERE uid = 'u7'");
  db.exec("UPDATE event SET line = replace(line, 'Bead 9', 'Bean 9') WHERE seq = 10");
  db.close();
  const { findings } = checkStore(path);
  expect(findings[0]).toBe("what is kept of the bead u7 is not what was put");
  expect(findings[1]).toMatch(/^the event vm-a\.\w+:10 is not what was put$/);
  expect(findings).toHaveLength(2);
});

test("an index that lost a name is found, which no sum covers", async () => {
  const bytes = await readFile(path);
  // The uid stands in the row, in its card, and in an index of its own.
  const places: number[] = [];
  for (let at = bytes.indexOf("u49"); at >= 0; at = bytes.indexOf("u49", at + 1)) places.push(at);
  const found = await Promise.all(
    places.map(async (at, number) => {
      const copy = Buffer.from(bytes);
      copy.write("u99", at);
      const changed = join(dir, `changed-${number}.db`);
      await writeFile(changed, copy);
      return checkStore(changed).findings.length > 0;
    }),
  );
  expect(places.length).toBeGreaterThan(1);
  expect(found.every(Boolean)).toBe(true);
});

test("a file that its process has open is said to be in use", async () => {
  const options = { dir: "/k", machine: "vm-a", disk: new MemoryDisk(), nowMs: () => 1_000 };
  const ledger = await openLedger({ ...options, store: path });
  await ledger.append("ann", [createBead({ uid: "x", id: "alpha-x", title: "X" })]);
  await ledger.checkpoint();
  expect(checkStore(path).isInUse).toBe(true);
  await ledger.close();
});
