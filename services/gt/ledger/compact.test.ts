import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runGit } from "#services/git/run-git.ts";
import { closeBead, createBead } from "#services/ledger/drafts.ts";
import { openFolder } from "#services/ledger/open-folder.ts";
import { checkpointFile } from "#services/ledger/run-checkpoints.ts";
import { Store } from "#services/ledger/store/store.ts";
import { runInMemory } from "../terminal-memory.ts";

const dayMs = 86_400_000;
let dir: string;
let nowMs = Date.parse("2026-01-01T00:00:00Z");

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "gt-compact-"));
  await gt("init", "--machine", "laptop");
  const { ledger, close } = await openFolder(dir, { nowMs: () => nowMs });
  await ledger.append("ann", [
    createBead({ uid: "a", id: "a-1", title: "Ended" }),
    createBead({ uid: "b", id: "a-2", title: "Goes on" }),
    closeBead("a", { close: "1", kind: "done", reason: "" }),
  ]);
  await close();
});
afterAll(() => rm(dir, { recursive: true }));

function gt(...args: string[]) {
  return runInMemory(["ledger", ...args], { env: {}, cwd: dir, nowMs: () => nowMs });
}

test("a folder's ended beads go down, and nothing is lost", async () => {
  const before = await gt("export");
  nowMs += 40 * dayMs;
  const first = await gt("compact", "--json");
  expect(first).toMatchObject({ exitCode: 0, err: "" });
  expect(JSON.parse(first.out)).toMatchObject({
    moved: { recent: 1, archive: 0 },
    active: 1,
    beads: 2,
  });
  const second = await gt("compact", "--archive-days", "35", "--dir", dir);
  expect(second.out).toContain("0 to recent, 1 to archive\n2 beads, 1 of them active");
  expect(second.out).toMatch(/^on disk: journal \d+ KiB.*, checkpoint \d+ KiB/m);
  expect((await gt("compact")).out).toContain("nothing had to move");
  expect(await gt("export")).toEqual(before);
  expect((await gt("verify")).exitCode).toBe(0);
});

test("what went down is out of memory from then on, whoever opens the folder", async () => {
  const { ledger, close } = await openFolder(dir, { nowMs: () => nowMs });
  expect([...ledger.world.all()].map(({ uid }) => uid)).toEqual(["b"]);
  expect(ledger.world.state("a")).toBeDefined();
  await close();
  const store = new Store(join(dir, checkpointFile), "laptop");
  expect(store.beads.below()).toBe(1);
  store.close();
});

test("what is in the clone stays there, reachable or not, in fewer files", async () => {
  const clone = join(dir, "ledger.git");
  await runGit(["init", "--quiet", "--bare", clone], { cwd: dir });
  const write = async (input: string) => {
    const { stdout } = await runGit(["hash-object", "-w", "--stdin"], { cwd: clone, input });
    return stdout.trim();
  };
  const oids = [await write("one"), await write("two"), await write("three")];
  expect((await gt("compact")).exitCode).toBe(0);
  const read = await Promise.all(
    oids.map((oid) => runGit(["cat-file", "-p", oid], { cwd: clone })),
  );
  expect(read.map(({ stdout }) => stdout)).toEqual(["one", "two", "three"]);
  const { stdout } = await runGit(["count-objects", "-v"], { cwd: clone });
  expect(stdout).toMatch(/^count: 0\n[\s\S]*^in-pack: 3$/m);
});

test("days that are none are refused as usage", async () => {
  const told = await gt("compact", "--recent-days", "soon");
  expect(told).toMatchObject({ exitCode: 2, out: "" });
  expect(told.err).toContain("a number of days");
  const reversed = await gt("compact", "--archive-days", "7");
  expect(reversed).toMatchObject({ exitCode: 2, out: "" });
  expect(reversed.err).toContain("--archive-days 7 is below --recent-days 30");
});
