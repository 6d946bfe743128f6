import { runGit } from "#services/git/run-git.ts";
import type { Stage } from "./stage.ts";
import { atRemote } from "./steps.ts";

/** The commits of rig alpha's remote, those that no ref reaches any more too. */
export type History = {
  /** Where main was when the run began, and is at its end. */
  readonly start: string;
  readonly tip: string;
  readonly treeOf: ReadonlyMap<string, string>;
  /** Whether `tip` has `commit` in its history. */
  readonly contains: (tip: string, commit: string) => boolean;
};

/** Read it; `more` are commits that refs once stood at. */
export async function readHistory(stage: Stage, more: readonly string[]): Promise<History> {
  const cwd = stage.git.dir("alpha");
  const asked = [...new Set(more.filter(Boolean))];
  const args = ["log", "--ignore-missing", "--all", "--format=%H %T %P", ...asked];
  const { stdout } = await runGit(args, { cwd });
  const treeOf = new Map<string, string>();
  const parents = new Map<string, readonly string[]>();
  for (const line of stdout.split("\n").filter(Boolean)) {
    const [commit = "", tree = "", ...above] = line.split(" ");
    treeOf.set(commit, tree);
    parents.set(commit, above);
  }
  const known = new Map<string, ReadonlySet<string>>();
  const reach = (tip: string): ReadonlySet<string> => {
    const before = known.get(tip);
    if (before) return before;
    const found = new Set<string>();
    for (const next = [tip]; next.length > 0; ) {
      const commit = next.pop() ?? "";
      if (found.has(commit)) continue;
      found.add(commit);
      next.push(...(parents.get(commit) ?? []));
    }
    known.set(tip, found);
    return found;
  };
  return {
    start: await atRemote(stage, "rev-list", "--max-parents=0", "main"),
    tip: await atRemote(stage, "rev-parse", "main"),
    treeOf,
    contains: (tip, commit) => reach(tip).has(commit),
  };
}
