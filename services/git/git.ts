import { randomUUID } from "node:crypto";
import { commitTree, emptyTree } from "./commit-tree.ts";
import { fetchRefs, isReachable, readRef } from "./fetch-remote.ts";
import { mergeTrees } from "./merge-trees.ts";
import { runGit } from "./run-git.ts";
import { readTrailers, type Trailers } from "./trailers.ts";

/** What terms, candidates and landings need of git, so that another git can stand in for it. */
export type Git = {
  readonly fetchRefs: typeof fetchRefs;
  readonly readRef: typeof readRef;
  readonly isReachable: typeof isReachable;
  /** Commits, the newest first. */
  readonly log: (wanted: LogWanted) => Promise<LogEntry[]>;
  readonly commitTree: typeof commitTree;
  readonly emptyTree: typeof emptyTree;
  readonly treeOf: (repoDir: string, commit: string) => Promise<string>;
  readonly mergeTrees: typeof mergeTrees;
  /**
   * Move refs of the remote.
   *
   * @throws TownError as `runGit` does. The words `rejected]` stand in its message where, and only
   *   where, the remote or git itself answered that a ref is not moved
   */
  readonly push: (wanted: Push) => Promise<void>;
  /** A word that nobody else has, for a commit that must be unlike any other. */
  readonly newNonce: () => string;
};

/** Which commits of a history are wanted. */
export type LogWanted = {
  readonly repoDir: string;
  readonly tip: string;
  /** Without what is in this one's history. */
  readonly since?: string | undefined;
  readonly max?: number;
  /** Along first parents alone; true by default. */
  readonly isFirstParent?: boolean;
  /** Only those with a line that begins with one of these trailers. */
  readonly trailers?: readonly string[];
};

/** One commit, as a history tells it. */
export type LogEntry = {
  readonly commit: string;
  readonly parents: readonly string[];
  readonly trailers: Trailers;
};

/** One ref that a push shall move. Without lease and force only a fast-forward is accepted. */
export type RefUpdate = {
  readonly ref: string;
  /** Undefined removes it. */
  readonly to: string | undefined;
  /** Where the remote must still have it; `""`: it must not be there. */
  readonly lease?: string | undefined;
  readonly isForced?: boolean;
};

/** What is pushed, and how long the remote may take. */
export type Push = {
  readonly repoDir: string;
  /** `origin` by default. */
  readonly remote?: string | undefined;
  readonly updates: readonly RefUpdate[];
  /** All of them or none. */
  readonly atomic?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
};

/** The real git. */
export const cliGit: Git = {
  fetchRefs,
  readRef,
  isReachable,
  log,
  commitTree,
  emptyTree,
  treeOf: async (repoDir, commit) => {
    const args = ["rev-parse", "--verify", "--end-of-options", `${commit}^{tree}`];
    return (await runGit(args, { cwd: repoDir })).stdout.trim();
  },
  mergeTrees,
  push: async (wanted) => {
    const { repoDir, signal, timeoutMs } = wanted;
    await runGit(pushArgs(wanted), { cwd: repoDir, signal, timeoutMs });
  },
  newNonce: randomUUID,
};

/** How git is asked for a push. */
export function pushArgs({ remote = "origin", updates, atomic }: Push): string[] {
  const leases = updates.flatMap(({ ref, lease }) =>
    lease === undefined ? [] : [`--force-with-lease=${ref}:${lease}`],
  );
  const specs = updates.map(({ ref, to = "", isForced }) => `${isForced ? "+" : ""}${to}:${ref}`);
  return ["push", "--quiet", ...(atomic ? ["--atomic"] : []), ...leases, remote, ...specs];
}

async function log(wanted: LogWanted): Promise<LogEntry[]> {
  const { repoDir, tip, since, max, isFirstParent = true, trailers = [] } = wanted;
  const args = [
    ...["log", "-z", "--format=%H %P%n%B"],
    ...(isFirstParent ? ["--first-parent"] : []),
    ...(max === undefined ? [] : [`-${max}`]),
    ...trailers.map((trailer) => `--grep=^${trailer}: `),
    ...["--end-of-options", since === undefined ? tip : `${since}..${tip}`],
  ];
  const { stdout } = await runGit(args, { cwd: repoDir });
  const entries = stdout.split("\0").filter((entry) => entry.trim() !== "");
  return entries.map((entry) => {
    const end = entry.indexOf("\n");
    const [commit = "", ...parents] = entry.slice(0, end).trim().split(" ");
    return { commit, parents, trailers: readTrailers(entry.slice(end + 1)) };
  });
}
