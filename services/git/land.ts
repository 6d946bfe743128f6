import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { attempt } from "./attempt.ts";
import { authorityRef, type ChainPlace, readFetchedChain } from "./authority-chain.ts";
import { trackingRef } from "./fetch-remote.ts";
import { cliGit } from "./git.ts";
import { judgeLanding, type Seen } from "./judge-landing.ts";
import { landOnMain } from "./land-on-main.ts";
import { linkCommit, termOf } from "./term-chain.ts";

/** One tested candidate and what it is for. */
export type ToLand = {
  readonly commit: string;
  readonly request: string;
  readonly bead: string;
  readonly epoch: string;
};

/** What became of a landing. `tip` is where this term's chain goes on. */
export type LandOutcome =
  /** The fetched target contains the candidate; `recorded` says whether the chain does. */
  | { readonly kind: "landed"; readonly tip: string; readonly recorded: boolean }
  /** Another term (or none) rules now: this process may land nothing more. */
  | { readonly kind: "fenced"; readonly term: number; readonly holder: string | undefined }
  | { readonly kind: "target-moved"; readonly main: string | undefined; readonly tip: string }
  /** The remote said no and nothing moved: a hook, a protection, a tree with changes. */
  | { readonly kind: "refused"; readonly why: string; readonly tip: string }
  /** The push may have arrived or may still arrive: read the chain and `main` before going on. */
  | { readonly kind: "unknown"; readonly why: string };

/** A landing that is wanted. */
export type LandWanted = ChainPlace & {
  /** Without `refs/heads/`. */
  readonly target: string;
  /** Where the target stood when the first candidate was built; its parent in history. */
  readonly expectedMain: string;
  /** The chain commit this process wrote last: its term, or its last landing. */
  readonly tip: string;
  /** Each on top of the one before; all land, or none. */
  readonly landings: readonly ToLand[];
};

/** A remote that dies in mid-push may keep one of the two refs; the second try heals that. */
const triesMax = 2;

/**
 * Land candidates: target and chain of authority in one atomic push, then look what came of it.
 *
 * Never a forced push: each candidate must descend from `expectedMain`, and the remote must still
 * have that and `tip`. What the push answered decides nothing; the fetched refs do.
 *
 * @throws TownError `invalid` when the candidates are not on top of each other
 */
export async function land(wanted: LandWanted): Promise<LandOutcome> {
  await checkOrder(wanted);
  const { onMain } = wanted;
  if (onMain !== undefined) return landOnMain({ ...wanted, onMain });
  let { tip } = wanted;
  for (let left = triesMax - 1; ; left -= 1) {
    const record = await recordLandings(wanted, tip);
    const failure = await push(wanted, tip, record);
    let seen: Seen;
    try {
      seen = await look(wanted, tip);
    } catch (error) {
      if (!isTownError(error)) throw error;
      return { kind: "unknown", why: `${failure?.message ?? "pushed"}; then ${error.message}` };
    }
    if (seen.landed && seen.ruling && !seen.recorded) {
      return { kind: "landed", ...(await recordAlone(wanted, tip, record)) };
    }
    const torn = seen.recorded && !seen.landed && seen.main === wanted.expectedMain;
    if (torn && seen.ruling && seen.chainTip && left > 0) tip = seen.chainTip;
    else return judgeLanding(seen, wanted.expectedMain, tip, failure);
  }
}

async function checkOrder(wanted: LandWanted): Promise<void> {
  const { repoDir, expectedMain, landings, git = cliGit } = wanted;
  if (landings.length === 0) throw new TownError("invalid", "nothing to land was given");
  let below = expectedMain;
  for (const { commit, bead } of landings) {
    if (commit === below || !(await git.isReachable(repoDir, below, commit))) {
      throw new TownError(
        "invalid",
        `the candidate ${commit} of ${bead} is not on top of ${below}`,
      );
    }
    below = commit;
  }
}

/** The chain commits for all landings, made here but not pushed; returns the last. */
async function recordLandings(wanted: LandWanted, tip: string): Promise<string> {
  const { repoDir, target, git = cliGit } = wanted;
  const { term, holder } = await termOf(repoDir, tip, git);
  let record = tip;
  for (const { commit, request, bead, epoch } of wanted.landings) {
    const trailers = {
      "Gastown-Term": String(term),
      "Gastown-Holder": holder ?? "",
      "Gastown-Request": request,
      "Gastown-Bead": bead,
      "Gastown-Epoch": epoch,
      "Gastown-Commit": commit,
      "Gastown-Target": target,
    };
    const title = `Landed ${bead}`;
    record = await linkCommit({ repoDir, parent: record, title, trailers, git });
  }
  return record;
}

async function push(
  wanted: LandWanted,
  tip: string,
  record: string,
): Promise<TownError | undefined> {
  const { repoDir, remote, target, expectedMain, signal, timeoutMs, git = cliGit } = wanted;
  const updates = [
    { ref: `refs/heads/${target}`, to: wanted.landings.at(-1)?.commit, lease: expectedMain },
    { ref: authorityRef, to: record, lease: tip },
  ];
  return attempt(git.push({ repoDir, remote, updates, atomic: true, signal, timeoutMs }));
}

/** The target has the candidate and the chain does not: make up for the lost half. */
async function recordAlone(
  wanted: LandWanted,
  tip: string,
  record: string,
): Promise<{ tip: string; recorded: boolean }> {
  const { repoDir, remote, signal, timeoutMs, git = cliGit } = wanted;
  const updates = [{ ref: authorityRef, to: record, lease: tip }];
  const failure = await attempt(git.push({ repoDir, remote, updates, signal, timeoutMs }));
  return failure ? { tip, recorded: false } : { tip: record, recorded: true };
}

async function look(wanted: LandWanted, tip: string): Promise<Seen> {
  const { repoDir, target, landings, git = cliGit } = wanted;
  const branch = `refs/heads/${target}`;
  await git.fetchRefs(wanted, [branch, authorityRef]);
  const main = await git.readRef(repoDir, trackingRef(branch));
  const last = landings.at(-1)?.commit ?? "";
  const landed = main !== undefined && (await git.isReachable(repoDir, last, main));
  const chain = await readFetchedChain(repoDir, tip, git);
  const { term, holder, tip: chainTip } = chain;
  const onTop = chainTip !== undefined && (await git.isReachable(repoDir, tip, chainTip));
  const ruling = onTop && term === (await termOf(repoDir, tip, git)).term;
  const records = new Set(chain.landings.map(({ commit }) => commit));
  const recorded = landings.every(({ commit }) => records.has(commit));
  return { main, landed, chainTip, term, holder, ruling, recorded };
}
