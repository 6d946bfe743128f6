import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { closeBead, createBead, moveBead, reopenBead, tombstone } from "#services/ledger/drafts.ts";
import type { NewFile } from "#services/ledger/fast-import.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { commitFiles } from "#services/ledger/outgoing.ts";
import { archiveDir, archiveMs, openArchive } from "./archive.ts";

const { signal } = new AbortController();

async function scratch() {
  const remote = await scratchRemote();
  const dir = await remote.clone("ledger.git");
  let nowMs = Date.parse("2026-03-01T00:00:00Z");
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => nowMs });
  const base = (await remote.ref("refs/heads/main")) ?? "";
  const ports = { ledger, dir, nowMs: () => nowMs };
  const archive = openArchive(ports);
  return {
    ...{ ledger, dir, base, archive, ports },
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** What is to be written on a base, once it is made. */
    due: (on = base) => dueOf(archive, on),
    commit: (files: readonly NewFile[]) => {
      return commitFiles(dir, { base, files, merge: [], machine: "town", message: "archive" });
    },
    close: (id: string, closedAt: string) => end(ledger, id, closedAt),
    [Symbol.asyncDispose]: () => remote[Symbol.asyncDispose](),
  };
}

async function dueOf(archive: ReturnType<typeof openArchive>, base: string) {
  const first = await archive.files(base, signal);
  if (first.length > 0) return first;
  await archive.idle();
  return archive.files(base, signal);
}

async function end(ledger: Ledger, id: string, closedAt: string): Promise<void> {
  await ledger.append("ann", [
    createBead({ uid: id, id, title: `The ${id}` }),
    closeBead(id, { close: "1", kind: "done", reason: "", closedAt }),
  ]);
}

function textOf(file: NewFile | undefined): string {
  return file && "bytes" in file ? gunzipSync(file.bytes).toString() : "";
}

function idsIn(file: NewFile | undefined): string[] {
  const lines = textOf(file).split("\n").slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { id: string }).id);
}

test("a month's file has what ended in it and is kept lower, sorted by id", async () => {
  await using town = await scratch();
  const { ledger, due } = town;
  await town.close("hq-b", "2026-01-31T23:59:59Z");
  await town.close("hq-a", "2026-01-01T00:00:00Z");
  await town.close("hq-c", "2026-02-01T00:00:00+02:00");
  await town.close("hq-d", "2026-02-01T00:00:00Z");
  await town.close("hq-here", "2026-01-05T00:00:00Z");
  await ledger.append(
    "deacon",
    ["hq-a", "hq-b", "hq-c", "hq-d"].map((id) => moveBead(id, "recent")),
  );
  const files = await due();
  expect(files.map(({ path }) => path)).toEqual([
    `${archiveDir}/2026-01.jsonl.gz`,
    `${archiveDir}/2026-02.jsonl.gz`,
  ]);
  expect(files.map(idsIn)).toEqual([["hq-a", "hq-b", "hq-c"], ["hq-d"]]);
  // As gzip has it on any system, at any time.
  const [january] = files;
  const head = january && "bytes" in january ? [...january.bytes.slice(0, 10)] : [];
  expect([...head.slice(0, 8), head[9]]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 255]);
});

test("only what changed is written again, once a day, and what came up is taken out", async () => {
  await using town = await scratch();
  const { ledger, archive, due } = town;
  await town.close("hq-a", "2026-01-01T00:00:00Z");
  await town.close("hq-b", "2026-02-01T00:00:00Z");
  await ledger.append("deacon", [moveBead("hq-a", "recent"), moveBead("hq-b", "recent")]);
  const files = await due();
  expect(await due()).toEqual(files); // Its push may have failed.
  const written = await town.commit(files);
  archive.pushed();
  const bead = ledger.world.bead("hq-b");
  await ledger.append("ann", bead ? [reopenBead(bead, "again")] : []);
  expect(await due(written)).toEqual([]);
  town.pass(archiveMs);
  const next = await due(written);
  expect(next.map((file) => [file.path, idsIn(file)])).toEqual([
    [`${archiveDir}/2026-02.jsonl.gz`, []],
  ]);
});

test("what is there already is not written again, and nothing is written for nothing", async () => {
  await using town = await scratch();
  const { ledger, archive, due } = town;
  expect(await due()).toEqual([]);
  await town.close("hq-a", "2026-01-01T00:00:00Z");
  await ledger.append("deacon", [moveBead("hq-a", "recent")]);
  const written = await town.commit(await due());
  archive.lost();
  expect(await due(written)).toEqual([]);
  town.pass(archiveMs);
  expect(await due(written)).toEqual([]);
});

test("a month of which all came up before its file was made has no file", async () => {
  await using town = await scratch();
  const { ledger, due } = town;
  expect(await due()).toEqual([]);
  await town.close("hq-a", "2026-01-01T00:00:00Z");
  await ledger.append("deacon", [moveBead("hq-a", "recent")]);
  const bead = ledger.world.bead("hq-a");
  await ledger.append("ann", bead ? [reopenBead(bead, "again")] : []);
  expect(await due()).toEqual([]);
});

test("what was squashed is archived by when that was", async () => {
  await using town = await scratch();
  await town.ledger.append("vm-a", [
    createBead({ uid: "step", id: "hq-1.mol.step", title: "A step" }),
    tombstone("step", "squashed into hq-1.digest", "digest"),
  ]);
  const files = await town.due();
  expect(files.map((file) => [file.path, idsIn(file)])).toEqual([
    [`${archiveDir}/2026-03.jsonl.gz`, ["hq-1.mol.step"]],
  ]);
});

test("a town that starts again goes on with what the one before it left", async () => {
  await using town = await scratch();
  const { ledger, archive, due, base } = town;
  await town.close("hq-a", "2026-01-01T00:00:00Z");
  await ledger.append("deacon", [moveBead("hq-a", "recent")]);
  const files = await due();
  expect(await dueOf(openArchive(town.ports), base)).toEqual(files);
  const written = await town.commit(files);
  archive.pushed();
  town.pass(archiveMs);
  // Nothing to be found out by reading all that is archived.
  const walked = { ...ledger.world, inTier: () => expect.fail("it was read") };
  const again = openArchive({ ...town.ports, ledger: { ...ledger, world: walked } });
  expect(await dueOf(again, written)).toEqual([]);
});
