import { isReachable } from "#services/git/fetch-remote.ts";
import type { ObjectReader } from "#services/git/object-reader.ts";
import { listRefs } from "#services/git/ref-files.ts";
import { runGit } from "#services/git/run-git.ts";
import { isTownError } from "#services/rpc/town-error.ts";

/** A branch of the remote that went back: it stood at `from`, and what is there now lacks that. */
export type Rewound = {
  readonly branch: string;
  readonly from: string;
  /** Undefined where the branch is gone. */
  readonly to: string | undefined;
};

/** Where each branch of the remote stands, by its name. */
export type Tips = ReadonlyMap<string, string>;

/**
 * Where a branch stood that went back, kept until what was there is at the remote again: a clone
 * of ours throws nothing away that a ref names.
 */
export const beforeRefs = "refs/gastown-before";
const notedRefs = "refs/gastown-noted";
const originRefs = "refs/remotes/origin";
/** So many commits back a branch that only went on is followed without a process. */
const stepsMax = 32;

/** The branches as the last fetch left them, and as they were noted before. */
export async function readTips(
  dir: string,
  signal: AbortSignal,
): Promise<{ tips: Tips; noted: Tips }> {
  const refs = await listRefs(dir, [originRefs, notedRefs], signal);
  const tips = new Map<string, string>();
  const noted = new Map<string, string>();
  for (const [ref, oid] of refs) {
    if (ref.startsWith(`${notedRefs}/`)) noted.set(ref.slice(notedRefs.length + 1), oid);
    else tips.set(ref.slice(originRefs.length + 1), oid);
  }
  return { tips, noted };
}

/** Branches that lack what was noted of them. A branch that only went on is none. */
export async function findRewound(
  dir: string,
  reader: ObjectReader,
  { noted, tips }: { readonly noted: Tips; readonly tips: Tips },
): Promise<Rewound[]> {
  const rewound: Rewound[] = [];
  for (const [branch, from] of noted) {
    const to = tips.get(branch);
    if (to === from) continue;
    if (to !== undefined && (await isJustBelow(reader, from, to))) continue;
    if (to === undefined || !(await isReachable(dir, from, to))) rewound.push({ branch, from, to });
  }
  return rewound;
}

/** Whether `from` is found a few commits below `to`. That it is not says nothing yet. */
async function isJustBelow(reader: ObjectReader, from: string, to: string): Promise<boolean> {
  const known = new Set([to]);
  try {
    for (const commit of known) {
      if (commit === from) return true;
      if (known.size > stepsMax) return false;
      for (const parent of (await reader.readCommit(commit)).parents) known.add(parent);
    }
  } catch (error) {
    if (!isTownError(error, "not_found", "invalid")) throw error; // Git says what it makes of it.
  }
  return false;
}

/**
 * Note where the branches stand now, for the next fetch and the next process.
 *
 * Noted in our own refs, since those that follow the remote are moved by whoever fetches.
 */
export async function noteTips(
  dir: string,
  change: { readonly noted: Tips; readonly tips: Tips; readonly rewound: readonly Rewound[] },
): Promise<void> {
  const { noted, tips, rewound } = change;
  const moved = [...tips].filter(([branch, oid]) => noted.get(branch) !== oid);
  const gone = [...noted.keys()].filter((branch) => !tips.has(branch));
  const lines = [
    ...rewound.map(({ from }) => `update ${beforeRefs}/${from} ${from}`),
    // Removals first: a branch may be called as the folder of one that went.
    ...gone.map((branch) => `delete ${notedRefs}/${branch}`),
    ...moved.map(([branch, oid]) => `update ${notedRefs}/${branch} ${oid}`),
  ];
  if (lines.length === 0) return;
  await runGit(["update-ref", "--stdin"], { cwd: dir, input: `${lines.join("\n")}\n` });
}
