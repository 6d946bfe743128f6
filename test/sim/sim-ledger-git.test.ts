import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { memoryDisk } from "#services/git/memory/disk.ts";
import { memoryGit } from "#services/git/memory/memory-git.ts";
import { MemoryRemote } from "#services/git/memory/remote.ts";
import { openLedgerGit } from "#services/ledger/ledger-git.ts";
import {
  type LedgerGitFixture,
  ledgerGitContract,
  type OpenOptions,
} from "./ledger-git-contract.ts";
import { openSimLedgerGit, type SimLedgerGitOptions } from "./sim-ledger-git.ts";

vi.setConfig({ testTimeout: 60_000 });

async function realFixture(): Promise<LedgerGitFixture> {
  const root = mkdtempSync(join(tmpdir(), "gt-sim-ledger-"));
  const remote = join(root, "remote.git");
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", remote]);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: remote, encoding: "utf8" });
  return {
    open: (machine, { branch = `machines/${machine}`, disk = "1", ...more } = {}) =>
      openLedgerGit({
        dir: join(root, `${machine}-${disk}.git`),
        remote,
        branch,
        machine,
        ...more,
      }),
    tip: async (branch) =>
      git("for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`).trim() || undefined,
    setTip: async (branch, commit) => {
      if (commit === undefined) git("update-ref", "-d", `refs/heads/${branch}`);
      else git("update-ref", `refs/heads/${branch}`, commit);
    },
    away: async (isAway) => {
      const aside = join(root, "aside.git");
      renameSync(isAway ? remote : aside, isAway ? aside : remote);
    },
    [Symbol.asyncDispose]: async () => rmSync(root, { recursive: true }),
  };
}

/** A ledger remote in memory, and every machine's disk. */
function simWorld() {
  const nowMs = () => Date.UTC(2026, 0, 1);
  let isAway = false;
  const remote = new MemoryRemote({
    url: "ledger",
    nowMs,
    hooks: { before: async () => (isAway ? { do: "away" } : undefined) },
  });
  let nonces = 0;
  const disks = new Map<string, ReturnType<typeof memoryDisk>>();
  const open = (machine: string, more: OpenOptions & Pick<SimLedgerGitOptions, "graftMs"> = {}) => {
    const { disk: name = "1", branch = `machines/${machine}`, ...rest } = more;
    const disk = disks.get(`${machine} ${name}`) ?? memoryDisk(machine);
    disks.set(`${machine} ${name}`, disk);
    const newNonce = () => {
      nonces += 1;
      return `nonce-${nonces}`;
    };
    const git = memoryGit({ disk, remotes: new Map([["ledger", remote]]), nowMs, newNonce });
    const place = { dir: "/ledger.git", remote: "ledger", turns: `${machine} ${name}` };
    return openSimLedgerGit({ git, disk, ...place, branch, machine, nowMs, ...rest });
  };
  return {
    remote,
    open,
    away: (now: boolean) => {
      isAway = now;
    },
  };
}

async function simFixture(): Promise<LedgerGitFixture> {
  const { remote, open, away } = simWorld();
  return {
    open,
    tip: async (branch) => remote.ref(branch),
    setTip: async (branch, commit) => {
      if (commit === undefined) remote.deleteRef(branch);
      else remote.setRef(branch, commit);
    },
    away: async (isAway) => away(isAway),
    [Symbol.asyncDispose]: async () => {},
  };
}

describe("real ledger git", () => ledgerGitContract(realFixture));
describe("simulated ledger git", () => ledgerGitContract(simFixture));

test("main takes in everyone's branches, so that it alone has all of it", async () => {
  const { open, remote } = simWorld();
  const { signal } = new AbortController();
  const outgoing = (incarnation: string, text: string) => ({
    segments: () => [{ incarnation, name: "1.jsonl", number: 1, durableBytes: text.length }],
    bytes: async () => Buffer.from(text),
    message: "Events",
  });
  await open("vm-a").push(outgoing("vm-a.1", "one\ntwo\n"), signal);
  const town = open("town", { branch: "main", graftMs: 0 });
  await town.fetch(signal);
  await town.push(outgoing("town.1", "three\n"), signal);
  remote.deleteRef("machines/vm-a");
  const { lines } = await open("vm-b").fetch(signal);
  expect(lines.flatMap((each) => each.lines).sort()).toEqual(["one", "three", "two"]);
});
