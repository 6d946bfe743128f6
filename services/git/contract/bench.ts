import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cliGit, type Git } from "../git.ts";
import { memoryDisk } from "../memory/disk.ts";
import type { RemoteHooks } from "../memory/faults.ts";
import { memoryGit } from "../memory/memory-git.ts";
import { MemoryRemote } from "../memory/remote.ts";
import { runGit } from "../run-git.ts";
import { type Files, scratchRemote, somebody } from "../scratch-remote.ts";

/** A clone, and the git to work on it with. */
export type BenchClone = { readonly repoDir: string; readonly git: Git };

/** One remote and what may happen to it: the same for every git that has to pass these tests. */
export type Bench = AsyncDisposable & {
  readonly clone: (name: string) => Promise<BenchClone>;
  readonly fetch: (clone: BenchClone) => Promise<void>;
  /** Commit files on a branch of the remote as a person would, and return the commit. */
  readonly commit: (files: Files, branch?: string, from?: string) => Promise<string>;
  /** A commit without parents on a branch of the remote. */
  readonly island: (branch: string) => Promise<void>;
  readonly ref: (name: string) => Promise<string | undefined>;
  readonly setRef: (ref: string, commit: string) => Promise<void>;
  readonly deleteRef: (ref: string) => Promise<void>;
  /** The remote is away until the returned function is called. */
  readonly away: () => Promise<() => Promise<void>>;
  /** A hook refuses every push in these words, until the returned function is called. */
  readonly refuse: (why: string) => Promise<() => Promise<void>>;
  /** The lock of a branch is left at the remote, until the returned function is called. */
  readonly lock: (branch: string) => Promise<() => Promise<void>>;
  /** The next push loses what it did to one ref. */
  readonly tear: (lost: string) => Promise<void>;
  readonly refuseAtomic: () => Promise<void>;
};

/** Every git that has to pass, by name. */
export const benches: readonly { readonly name: string; readonly open: () => Promise<Bench> }[] = [
  { name: "git", open: cliBench },
  { name: "memory", open: memoryBench },
];

async function cliBench(): Promise<Bench> {
  const scratch = await scratchRemote();
  const { remote } = scratch;
  const at = (args: string[]) => runGit(args, { cwd: remote });
  const addHook = async (name: string, script: string) => {
    const path = join(remote, "hooks", name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return () => rm(path);
  };
  return {
    clone: async (name) => ({ repoDir: await scratch.clone(name), git: cliGit }),
    fetch: ({ repoDir, git }) => git.fetchRefs({ repoDir }, ["refs/heads/", "refs/gastown/"]),
    commit: scratch.commit,
    island: async (branch) => {
      const tree = (await runGit(["mktree"], { cwd: remote, input: "" })).stdout.trim();
      const make = ["commit-tree", tree, "-m", "x"];
      const root = await runGit(make, { cwd: remote, env: somebody });
      await at(["update-ref", `refs/heads/${branch}`, root.stdout.trim()]);
    },
    ref: scratch.ref,
    setRef: async (ref, commit) => void (await at(["update-ref", ref, commit])),
    deleteRef: async (ref) => void (await at(["update-ref", "-d", ref])),
    away: async () => {
      await rename(remote, `${remote}.away`);
      return () => rename(`${remote}.away`, remote);
    },
    refuse: (why) => addHook("pre-receive", `echo '${why}' >&2; exit 1`),
    lock: async (branch) => {
      const path = join(remote, `refs/heads/${branch}.lock`);
      await writeFile(path, "");
      return () => rm(path);
    },
    tear: async (lost) => {
      const before = (await scratch.ref(lost)) ?? "";
      const undo = `git update-ref ${lost} ${before}`;
      await addHook("post-receive", `[ -e torn ] || { touch torn; ${undo}; }`);
    },
    refuseAtomic: async () => void (await at(["config", "receive.advertiseAtomic", "false"])),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

async function memoryBench(): Promise<Bench> {
  let nowMs = 1_700_000_000_000;
  let nonces = 0;
  const clock = () => {
    nowMs += 1;
    return nowMs;
  };
  const remote = new MemoryRemote({ url: "memory:rig", nowMs: clock });
  const until = async (hooks: RemoteHooks) => {
    remote.hooks = hooks;
    return async () => {
      remote.hooks = {};
    };
  };
  return {
    clone: async (who) => {
      const remotes = new Map([[remote.url, remote]]);
      const newNonce = () => `nonce-${++nonces}`;
      const git = memoryGit({ disk: memoryDisk(who), remotes, nowMs: clock, newNonce });
      await git.ensureClone(remote.url, `/${who}`);
      return { repoDir: `/${who}`, git };
    },
    fetch: ({ repoDir, git }) => git.fetchRefs({ repoDir }, ["refs/heads/", "refs/gastown/"]),
    commit: async (files, branch = "main", from = branch) =>
      remote.moveByHuman(branch, files, from),
    island: async (branch) => void remote.moveByHuman(branch, {}),
    ref: async (name) => remote.ref(name),
    setRef: async (ref, commit) => remote.setRef(ref, commit),
    deleteRef: async (ref) => remote.deleteRef(ref),
    away: () => until({ before: async () => ({ do: "away" }) }),
    refuse: (why) =>
      until({
        before: async ({ kind }) =>
          kind === "push" ? { do: "refuse", why: `pre-receive hook declined: ${why}` } : undefined,
      }),
    lock: (branch) => {
      const why = `cannot lock ref: Unable to create '/r/refs/heads/${branch}.lock': File exists.`;
      return until({
        before: async ({ kind }) => (kind === "push" ? { do: "refuse", why } : undefined),
      });
    },
    tear: async (lost) => {
      await until({
        before: async ({ kind }) => {
          if (kind !== "push") return undefined;
          remote.hooks = {};
          return { do: "tear", isKept: (ref) => ref !== lost };
        },
      });
    },
    refuseAtomic: async () => {
      remote.isAtomic = false;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
