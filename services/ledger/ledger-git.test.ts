import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { gitSpawns } from "#services/git/run-git.ts";
import { type LedgerGit, type LedgerGitOptions, openLedgerGit } from "./ledger-git.ts";
import type { Outgoing } from "./outgoing.ts";

vi.setConfig({ testTimeout: 60_000 });

let root = "";
let remote = "";
const { signal } = new AbortController();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gt-ledger-git-"));
  remote = join(root, "remote.git");
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", remote]);
});
afterEach(() => rmSync(root, { recursive: true }));

function git(args: string[], input = ""): string {
  return execFileSync("git", args, { cwd: remote, encoding: "utf8", input }).trim();
}

type Side = { git: LedgerGit; write: (line: string) => Promise<boolean> };

function side(machine: string, more: Partial<LedgerGitOptions> = {}): Side {
  const branch = `machines/${machine}`;
  const dir = join(root, `${machine}.git`);
  const clone = openLedgerGit({ dir, remote, branch, machine, ...more });
  let text = "";
  return {
    git: clone,
    write: (line) => {
      text += `${line}\n`;
      const durable = Buffer.from(text);
      const segment = { incarnation: `${machine}.1`, name: "000001.jsonl" };
      const outgoing: Outgoing = {
        segments: () => [{ ...segment, number: 1, durableBytes: durable.length }],
        bytes: async () => durable,
        message: "Events",
      };
      return clone.push(outgoing, signal);
    },
  };
}

const linesOf = async ({ git: clone }: Side) =>
  (await clone.fetch(signal)).lines.flatMap(({ lines }) => lines);

/** Let it make its clone, and point it once at the remote. */
async function settle({ git: clone }: Side): Promise<void> {
  await clone.fetch(signal);
  await clone.fetch(signal);
}

/** How many gits some work starts. */
async function spawned(work: () => Promise<unknown>): Promise<number> {
  const before = gitSpawns();
  await work();
  return gitSpawns() - before;
}

test("a change goes to a peer by one push and one fetch, and no other git", async () => {
  const [a, b] = [side("vm-a"), side("vm-b")];
  await a.write("one");
  expect(await linesOf(b)).toEqual(["one"]);
  await a.write("two");
  await linesOf(b);
  await a.git.fetch(signal);
  expect(await spawned(() => a.write("three"))).toBe(1);
  expect(await spawned(() => b.git.fetch(signal))).toBe(1);
  expect(await spawned(() => b.git.fetch(signal))).toBe(1);
  // Who keeps the clone notes with one more where the branches stand, if any moved.
  const keeper = side("vm-c", { isKeeper: true });
  await settle(keeper);
  await a.write("four");
  expect(await spawned(() => keeper.git.fetch(signal))).toBe(2);
  expect(await spawned(() => keeper.git.fetch(signal))).toBe(1);
});

test("what came in a pack, and on top of one, is read as what came loose", async () => {
  const [a, b] = [side("vm-a"), side("vm-b")];
  await a.write("one");
  await settle(b);
  for (const dir of [a.git.dir, b.git.dir]) {
    execFileSync("git", ["repack", "-q", "-a", "-d"], { cwd: dir });
    execFileSync("git", ["pack-refs", "--all"], { cwd: dir });
  }
  await a.write("two");
  expect(await spawned(async () => expect(await linesOf(b)).toEqual(["one", "two"]))).toBe(2);
});

test("who goes on from what was seen before reads only what came since", async () => {
  const a = side("vm-a");
  const other = side("vm-o");
  await a.write("one");
  await other.write("other");
  const before = side("vm-b");
  await linesOf(before);
  const seen = new Map(before.git.seen());
  expect([...seen.keys()]).toEqual(["machines/vm-a", "machines/vm-o"]);
  expect(await linesOf(side("vm-b", { seen }))).toEqual([]);
  await a.write("two");
  const after = side("vm-b", { seen });
  expect(await linesOf(after)).toEqual(["one", "two"]);
  expect(after.git.seen().get("machines/vm-a")).toBe(git(["rev-parse", "machines/vm-a"]));
  // In a clone made anew nothing is known of that commit: all of the branch is read.
  const lost = new Map([...seen, ["machines/vm-o", "1".repeat(40)]]);
  expect(await linesOf(side("vm-b", { seen: lost }))).toEqual(["one", "two", "other"]);
});

test("what somebody put among the events that is no file of them disturbs nobody", async () => {
  const a = side("vm-a");
  await a.write("one");
  const tip = git(["rev-parse", "machines/vm-a"]);
  const folder = ".beads/events/vm-a";
  const stream = [
    "commit refs/heads/machines/vm-a\ncommitter x <x@y.invalid> 0 +0000\ndata 0\n",
    `from ${tip}\nM 160000 ${"1".repeat(40)} ${folder}/sub.jsonl\n`,
    `M 100644 inline ${folder}/odd/0.txt\ndata 2\nx\n\n`,
    `M 100644 inline "${folder}/o\\"\\303\\274.jsonl"\ndata 4\nodd\n\n`,
  ];
  git(["fast-import", "--quiet"], stream.join(""));
  const b = side("vm-b");
  expect((await linesOf(b)).sort()).toEqual(["odd", "one"]);
  await a.write("two");
  expect(await linesOf(b)).toEqual(["one", "two"]);
});

test("what a look brought that failed at its end comes with the next one", async () => {
  const [a, b] = [side("vm-a"), side("vm-b", { isKeeper: true })];
  await a.write("one");
  expect(await linesOf(b)).toEqual(["one"]);
  await a.write("two");
  const lock = join(root, "vm-b.git", "refs", "gastown-noted", "machines", "vm-a.lock");
  writeFileSync(lock, "");
  await expect(b.git.fetch(signal)).rejects.toThrow("cannot lock ref");
  rmSync(lock);
  expect(await linesOf(b)).toEqual(["one", "two"]);
});
