import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runInMemory, type Told } from "../terminal-memory.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "gt-ledger-checkpoint-"));
});
afterEach(() => rm(dir, { recursive: true }));

function gt(...args: string[]): Promise<Told> {
  return runInMemory(["ledger", ...args], { env: {}, cwd: dir, nowMs: () => 1_000 });
}

test("verify looks through a checkpoint, and names what is not as it was put", async () => {
  const line = { id: "alpha-1", title: "First", created_at: "2020-01-01T00:00:00Z" };
  const closed = { status: "closed", closed_at: "2020-01-02T00:00:00Z" };
  await writeFile(join(dir, "old.jsonl"), `${JSON.stringify({ ...line, ...closed })}\n`);
  for (const call of [["init", "--machine", "laptop"], ["import", "old.jsonl"], ["compact"]]) {
    expect((await gt(...call)).exitCode).toBe(0);
  }
  const sound = await gt("verify", "--json");
  const file = join(dir, "checkpoint.db");
  expect(JSON.parse(sound.out).checkpoints).toEqual([{ file, isInUse: false, findings: [] }]);
  expect(sound.exitCode).toBe(0);
  const db = new DatabaseSync(file);
  db.exec("UPDATE event SET line = line || ' ' WHERE line IS NOT NULL");
  db.exec("DELETE FROM name");
  db.exec("UPDATE bead SET state = 'x' || state WHERE state IS NOT NULL");
  db.exec("INSERT INTO bead (uid, tier, state) VALUES ('y', 0, 'y')");
  db.close();
  const changed = await gt("verify");
  expect(changed.exitCode).toBe(1);
  expect(changed.out).toContain(`${file}: checkpoint: what is kept of the bead y is not what`);
  expect(changed.out).toContain(`${file}: remove it; the next start makes it anew`);
});
