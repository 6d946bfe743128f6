import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { cutGit } from "./cut-git.ts";
import {
  checkpointBranches,
  fetchRefs,
  isReachable,
  readRef,
  trackingRef,
} from "./fetch-remote.ts";
import { cliGit } from "./git.ts";
import { runGit } from "./run-git.ts";
import { readTrailers } from "./trailers.ts";

/** One ref in which an attempt at a bead left work. */
export type SalvageRef = {
  /** As the remote names it. */
  readonly ref: string;
  readonly commit: string;
  /** When the commit was made, in ms since the Unix epoch, to the second. */
  readonly savedMs: number;
  /** All of it is in the history of the target. */
  readonly isMerged: boolean;
  /** It holds changes that the worker had not committed. */
  readonly hasUncommitted: boolean;
};

/** All that one attempt left at the remote; the first ref is its newest. */
export type LeftWork = {
  /** The bead's id as it was then. */
  readonly bead: string;
  /** Of the claim: `4.2`. */
  readonly epoch: string;
  readonly refs: readonly [SalvageRef, ...SalvageRef[]];
};

/** What looking after left work needs of git. */
export type SalvageGit = {
  readonly readLeftWork: typeof readLeftWork;
  readonly removeLeftWork: typeof removeLeftWork;
  readonly isReachable: typeof isReachable;
};

/** Checkpoints that the remote has as branches; the clone tracks them as checkpoints too. */
const onBranches = trackingRef(checkpointBranches);
const places = ["refs/gastown-remote/checkpoint/", "refs/remotes/origin/polecat/", onBranches];
const number = "(?:0|[1-9]\\d{0,14})";
const form = new RegExp(
  `^refs/(?:gastown-remote/checkpoint|remotes/origin/polecat)/([^/]+)/(${number}\\.${number})` +
    // What another machine's push took the place of, see `pushOwn`.
    "(?:-[0-9a-f]{12})?$",
);

/**
 * What attempts left at the remote, the oldest first, as the last fetch into a clone knows it.
 *
 * @param of.target the branch that work lands on; without it nothing counts as merged
 */
export async function readLeftWork(of: {
  readonly repoDir: string;
  readonly target: string;
}): Promise<LeftWork[]> {
  const { repoDir } = of;
  const format =
    "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(committerdate:unix)%00%(contents)%00";
  const { stdout } = await runGit(["for-each-ref", format, ...places], { cwd: repoDir });
  const merged = await mergedRefs(repoDir, trackingRef(`refs/heads/${of.target}`));
  const attempts = new Map<string, { bead: string; epoch: string; refs: SalvageRef[] }>();
  const cells = stdout.split("\0");
  const names = new Set(cells.filter((_, at) => at % 5 === 0).map((name) => name.trim()));
  for (let at = 0; at + 5 < cells.length; at += 5) {
    const [name = "", type, commit = "", seconds, message = ""] = cells.slice(at, at + 5);
    const found = form.exec(name.trim());
    const bead = found?.[1] === undefined ? undefined : decoded(found[1]);
    const epoch = found?.[2];
    if (type !== "commit" || bead === undefined || epoch === undefined) continue;
    const attempt = attempts.get(`${epoch} ${bead}`) ?? { bead, epoch, refs: [] };
    attempts.set(`${epoch} ${bead}`, attempt);
    attempt.refs.push({
      ref: remoteName(name.trim(), names),
      commit,
      savedMs: Number(seconds) * 1_000,
      isMerged: merged.has(name.trim()),
      hasUncommitted: readTrailers(message)["Gastown-Checkpoint"] !== undefined,
    });
  }
  return [...attempts.values()].flatMap(newestFirst).sort(olderFirst);
}

/** The refs of these places whose commits are in the history of the target. */
async function mergedRefs(repoDir: string, target: string): Promise<ReadonlySet<string>> {
  if ((await readRef(repoDir, target)) === undefined) return new Set();
  const args = ["for-each-ref", "--format=%(refname)", `--merged=${target}`, ...places];
  return new Set((await runGit(args, { cwd: repoDir })).stdout.split("\n"));
}

function newestFirst(attempt: Omit<LeftWork, "refs"> & { refs: SalvageRef[] }): LeftWork[] {
  // A checkpoint's uncommitted changes came after the commit below it, in the same second or later.
  const [first, ...rest] = attempt.refs.sort(
    (a, b) => b.savedMs - a.savedMs || Number(b.hasUncommitted) - Number(a.hasUncommitted),
  );
  return first ? [{ ...attempt, refs: [first, ...rest] }] : [];
}

function olderFirst(a: LeftWork, b: LeftWork): number {
  return a.refs[0].savedMs - b.refs[0].savedMs || (a.refs[0].ref < b.refs[0].ref ? -1 : 1);
}

function remoteName(tracking: string, known: ReadonlySet<string>): string {
  const branch = tracking.replace("refs/gastown-remote/checkpoint/", onBranches);
  return (known.has(branch) ? branch : tracking)
    .replace("refs/gastown-remote/", "refs/gastown/")
    .replace("refs/remotes/origin/", "refs/heads/");
}

/** A ref's part as the id that it was made of; undefined where it was not made by us. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** How many of the worker's commits the target lacks. */
export async function commitsAhead(
  repoDir: string,
  { commit, hasUncommitted }: Pick<SalvageRef, "commit" | "hasUncommitted">,
  target: string,
): Promise<number> {
  const below = await readRef(repoDir, trackingRef(`refs/heads/${target}`));
  const range = below === undefined ? commit : `${below}..${commit}`;
  const { stdout } = await runGit(["rev-list", "--count", range], { cwd: repoDir });
  // The commit that carries the uncommitted changes is none of the worker's.
  return Math.max(0, Number(stdout.trim()) - (hasUncommitted ? 1 : 0));
}

/** The largest patch that is shown, in bytes. */
export const patchBytesMax = 256 * 1024;

/** What a commit changes against where it left the target, as a patch, cut where it is too long. */
export async function readPatch(
  repoDir: string,
  commit: string,
  target: string,
  limits: { readonly bytesMax?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<{ readonly patch: string; readonly isCut: boolean }> {
  const { bytesMax = patchBytesMax, signal } = limits;
  const args = ["merge-base", trackingRef(`refs/heads/${target}`), commit];
  const base = await runGit(args, { cwd: repoDir, okCodes: [0, 1, 128] });
  const from = base.code === 0 ? base.stdout.trim() : await emptyTreeOf(repoDir);
  const diff = ["diff", "--no-color", "--no-ext-diff", "--no-textconv", from, commit];
  const { head, isCut } = await cutGit(diff, { cwd: repoDir, signal }, bytesMax);
  return { patch: wholeText(head), isCut };
}

async function emptyTreeOf(repoDir: string): Promise<string> {
  const args = ["hash-object", "-t", "tree", "--stdin"];
  return (await runGit(args, { cwd: repoDir, input: "" })).stdout.trim();
}

/** Bytes as text, without half a character at a cut. */
function wholeText(bytes: Buffer): string {
  return new TextDecoder().decode(bytes, { stream: true });
}

/**
 * Put a commit on a new branch of the remote; one that stands there already is fine.
 *
 * @throws TownError `exists` where the branch holds something else, `invalid` for no branch's name
 */
export async function pushToBranch(wanted: {
  readonly repoDir: string;
  readonly commit: string;
  readonly branch: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<void> {
  const { repoDir, commit, branch, signal } = wanted;
  const check = ["check-ref-format", "--branch", branch];
  const { code } = await runGit(check, { cwd: repoDir, okCodes: [0, 128] });
  if (code !== 0) throw new TownError("invalid", `${branch} is no name for a branch`);
  const ref = `refs/heads/${branch}`;
  await fetchRefs({ repoDir, signal }, [ref]);
  const there = await readRef(repoDir, trackingRef(ref));
  if (there === commit) return;
  if (there !== undefined) {
    throw new TownError("exists", `the remote has a branch ${branch} already: name another one`);
  }
  await cliGit.push({ repoDir, updates: [{ ref, to: commit, lease: "" }], signal });
}

/**
 * Remove refs from the remote, each where it still has what was read; one that moved stays.
 *
 * @returns those that are gone now
 */
export async function removeLeftWork(wanted: {
  readonly repoDir: string;
  readonly refs: readonly Pick<SalvageRef, "ref" | "commit">[];
  readonly signal?: AbortSignal | undefined;
}): Promise<string[]> {
  const { repoDir, refs, signal } = wanted;
  if (refs.length === 0) return [];
  const updates = refs.map(({ ref, commit }) => ({ ref, to: undefined, lease: commit }));
  await cliGit.push({ repoDir, updates, signal }).catch((error) => {
    if (!isTownError(error, "stale")) throw error;
  });
  // Some may be gone though others were refused: the remote is asked which.
  const names = refs.map(({ ref }) => ref);
  await fetchRefs({ repoDir, signal }, names);
  const gone: string[] = [];
  for (const ref of names) {
    if ((await readRef(repoDir, trackingRef(ref))) === undefined) gone.push(ref);
  }
  return gone;
}

/** The real git. */
export const salvageGit: SalvageGit = { readLeftWork, removeLeftWork, isReachable };
