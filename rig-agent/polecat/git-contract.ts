import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { copyDisk, type MemoryDisk, memoryDisk } from "#services/git/memory/disk.ts";
import { memoryGit } from "#services/git/memory/memory-git.ts";
import type { Changes } from "#services/git/memory/objects.ts";
import { MemoryRemote } from "#services/git/memory/remote.ts";
import { runGit } from "#services/git/run-git.ts";
import {
  commitFiles,
  type Files,
  scratchRemote,
  writeFiles,
} from "#services/git/scratch-remote.ts";
import { polecatBranch } from "#services/git/worktree.ts";
import { agentPerson } from "#services/identity/person.ts";
import { polecatGit } from "./git.ts";
import { memoryPolecatGit } from "./git-memory.ts";
import type { PolecatGit } from "./ports.ts";

const author = agentPerson("rigs/alpha/polecats/nux");

/** The attempt that the worktree is for. */
export const attempt = { bead: "al-1", epoch: "1.1", author };
export const branch = polecatBranch("al-1", "1.1");

/** One machine's polecats on some git. */
type Machine = {
  readonly git: PolecatGit;
  readonly dir: string;
  readonly edit: (path: string, changes: Changes) => Promise<void>;
  readonly commit: (path: string, files: Files) => Promise<string>;
};

/** The same with all that is around it. */
type Bench = AsyncDisposable &
  Machine & {
    readonly url: string;
    readonly remoteRef: (name: string) => Promise<string | undefined>;
    /** From now on it keeps nothing but branches. */
    readonly refuseCustomRefs: () => Promise<void>;
    readonly humanCommit: (files: Files) => Promise<string>;
    /** A second machine with a copy of this disk. */
    readonly copy: () => Promise<Machine>;
  };

function cliMachine(dir: string): Machine {
  return {
    dir,
    git: polecatGit,
    edit: async (path, changes) => {
      for (const [name, text] of Object.entries(changes)) {
        if (text === undefined) await rm(join(path, name));
        else await writeFiles(path, { [name]: text });
      }
    },
    commit: (path, files) => commitFiles(path, files, "work"),
  };
}

async function cliBench(): Promise<Bench> {
  const scratch = await scratchRemote();
  return {
    ...cliMachine(scratch.dir),
    url: scratch.remote,
    remoteRef: scratch.ref,
    refuseCustomRefs: async () => {
      const hide = ["config", "receive.hideRefs", "refs/gastown"];
      await runGit(hide, { cwd: scratch.remote });
    },
    humanCommit: scratch.commit,
    copy: async () => {
      const dir = join(scratch.dir, "copy");
      for (const each of ["repo.git", "nux"]) {
        await cp(join(scratch.dir, each), join(dir, each), { recursive: true });
      }
      const own = join(dir, "repo.git", "worktrees", "nux");
      await writeFiles(dir, { "nux/.git": `gitdir: ${own}\n` });
      await writeFiles(own, { gitdir: `${join(dir, "nux", ".git")}\n` });
      return cliMachine(dir);
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

async function memoryBench(): Promise<Bench> {
  const nowMs = () => 1_700_000_000_000;
  const remote = new MemoryRemote({ url: "memory:rig", nowMs });
  const remotes = new Map([[remote.url, remote]]);
  const disk = memoryDisk("vm-a");
  const machine = (of: MemoryDisk): Machine => {
    const base = memoryGit({ disk: of, remotes, nowMs, newNonce: () => "once" });
    const git = memoryPolecatGit({ disk: of, git: base, nowMs });
    return {
      ...{ git, dir: "/home" },
      edit: async (path, changes) => git.edit(path, changes),
      commit: async (path, files) => {
        git.edit(path, files);
        return git.commit(path, { message: "work", author });
      },
    };
  };
  return {
    ...machine(disk),
    url: remote.url,
    remoteRef: async (name) => remote.ref(name),
    refuseCustomRefs: async () => {
      remote.keepsCustomRefs = false;
    },
    humanCommit: async (files) => remote.moveByHuman("main", files),
    copy: async () => machine(copyDisk(disk)),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The real git and the one in memory. */
export const benches = [
  { name: "git", open: cliBench },
  { name: "memory", open: memoryBench },
];

type Open = () => Promise<Bench>;

/** A machine with one worktree, as a worker has it. */
export async function polecatTree(open: Open) {
  const bench = await open();
  const repoDir = join(bench.dir, "repo.git");
  const path = join(bench.dir, "nux");
  const { git } = bench;
  expect(await git.hasTree(repoDir)).toBe(false);
  await git.ensureClone(bench.url, repoDir);
  const wanted = { repoDir, path, branch, startPoint: "refs/remotes/origin/main" };
  await git.addWorktree(wanted);
  return { bench, git, repoDir, path, wanted };
}
