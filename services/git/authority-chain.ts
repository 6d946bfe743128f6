import { randomUUID } from "node:crypto";
import { townPerson } from "#services/identity/person.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { commitTree, emptyTree } from "./commit-tree.ts";
import { fetchRefs, isReachable, readRef, trackingRef } from "./fetch-remote.ts";
import { runGit } from "./run-git.ts";
import { readTrailers, type Trailers } from "./trailers.ts";

/** The ref of a rig's code remote that says who may claim and land. */
export const authorityRef = "refs/gastown/authority";

/** One landing, as the chain records it. */
export type Landing = {
  readonly request: string;
  readonly bead: string;
  readonly epoch: string;
  /** The commit that was landed. */
  readonly commit: string;
  readonly target: string;
  readonly term: number;
  /** The chain commit that says so. */
  readonly record: string;
};

/** The chain as the remote has it. */
export type Chain = {
  readonly tip: string | undefined;
  /** 0 where there was never an authority. */
  readonly term: number;
  readonly holder: string | undefined;
  /** Oldest first. That the chain says landed is not enough: the target must contain the commit. */
  readonly landings: Landing[];
};

/** Which chain, and how long its remote may take. */
export type ChainPlace = {
  readonly repoDir: string;
  /** `origin` by default. */
  readonly remote?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
};

/**
 * Fetch the chain and read it.
 *
 * @param since a chain commit; only landings after it are returned, where the chain still has it
 */
export async function readChain(place: ChainPlace & { since?: string }): Promise<Chain> {
  await fetchRefs(place, [authorityRef]);
  return readFetchedChain(place.repoDir, place.since);
}

/** The chain as the last fetch left it here, without asking the remote. */
export async function readFetchedChain(repoDir: string, since?: string): Promise<Chain> {
  const tip = await readRef(repoDir, trackingRef(authorityRef));
  if (!tip) return { tip: undefined, term: 0, holder: undefined, landings: [] };
  const known = since !== undefined && (await isReachable(repoDir, since, tip));
  const links = await readLinks(repoDir, known ? [`${since}..${tip}`] : [tip]);
  const landings = links.toReversed().flatMap((link) => asLanding(link) ?? []);
  return { tip, ...(await termOf(repoDir, tip)), landings };
}

/** The term and the holder that a chain commit stands for. */
export async function termOf(
  repoDir: string,
  tip: string,
): Promise<{ term: number; holder: string | undefined }> {
  const [newest] = await readLinks(repoDir, ["-1", tip]);
  // Each commit of ours carries both; a stranger's on top must not hide what is below it.
  const links = newest && asTerm(newest) ? [newest] : await readLinks(repoDir, [tip]);
  const terms = links.flatMap((link) => asTerm(link) ?? []);
  return terms.reduce((high, next) => (next.term > high.term ? next : high), {
    term: 0,
    holder: undefined as string | undefined,
  });
}

/**
 * Take the next term by compare-and-swap: of any number who try at once, one gets it.
 *
 * @param wanted.seenTerm the highest term this process knows of
 * @param wanted.establish the overseer's word that a lower term at the remote is to be overcome
 * @throws TownError `stale` when someone else was faster, or when the remote shows a lower term
 *   than was seen (it was restored from a backup: the term must be established again);
 *   `unavailable` when the remote does not answer, and then the term may still have been taken
 */
export async function takeTerm(
  wanted: ChainPlace & {
    readonly holder: string;
    readonly seenTerm?: number;
    readonly establish?: boolean;
  },
): Promise<{ term: number; tip: string }> {
  const { repoDir, remote = "origin", signal, timeoutMs, holder, seenTerm = 0 } = wanted;
  const chain = await readChain(wanted);
  if (seenTerm > chain.term && !wanted.establish) {
    throw new TownError(
      "stale",
      `${remote} shows authority term ${chain.term}, but term ${seenTerm} was seen: it was ` +
        "rewound or restored; establish the term again before anything lands",
    );
  }
  const term = Math.max(chain.term, seenTerm) + 1;
  const tip = await linkCommit(repoDir, chain.tip, `Term ${term}: ${holder}`, {
    "Gastown-Term": String(term),
    "Gastown-Holder": holder,
  });
  const lease = `--force-with-lease=${authorityRef}:${chain.tip ?? ""}`;
  const args = ["push", "--quiet", lease, remote, `${tip}:${authorityRef}`];
  try {
    await runGit(args, { cwd: repoDir, signal, timeoutMs });
  } catch (error) {
    if (!isTownError(error, "stale", "unavailable")) throw error;
    // The answer of the push may be wrong or lost; what the remote shows now is neither.
    const now = await readChain(wanted).catch(() => chain);
    if (now.tip === tip) return { term, tip };
    if (now.tip === chain.tip) throw error;
    const message = `term ${now.term} of ${remote} is held by ${now.holder ?? "nobody"}`;
    throw new TownError("stale", message, { cause: error });
  }
  return { term, tip };
}

/** A new chain commit on top of another; unlike any other, whoever else writes the same words. */
export async function linkCommit(
  repoDir: string,
  parent: string | undefined,
  title: string,
  trailers: Trailers,
): Promise<string> {
  return commitTree({
    repoDir,
    tree: await emptyTree(repoDir),
    parents: parent ? [parent] : [],
    message: title,
    // Two clones of one machine that take a term in the same second would make the same commit,
    // and the remote would tell both that they have it.
    trailers: { ...trailers, "Gastown-Nonce": randomUUID() },
    author: townPerson,
    committer: townPerson,
  });
}

type Link = { readonly commit: string; readonly trailers: Trailers };

async function readLinks(repoDir: string, range: readonly string[]): Promise<Link[]> {
  const args = ["log", "-z", "--first-parent", "--format=%H%n%B", ...range];
  const { stdout } = await runGit(args, { cwd: repoDir });
  const entries = stdout.split("\0").filter((entry) => entry.trim() !== "");
  return entries.map((entry) => {
    const end = entry.indexOf("\n");
    return { commit: entry.slice(0, end), trailers: readTrailers(entry.slice(end + 1)) };
  });
}

function asTerm({ trailers }: Link): { term: number; holder: string | undefined } | undefined {
  const text = trailers["Gastown-Term"] ?? "";
  if (!/^[1-9]\d{0,14}$/.test(text)) return undefined;
  return { term: Number(text), holder: trailers["Gastown-Holder"] };
}

function asLanding(link: Link): Landing | undefined {
  const { trailers, commit: record } = link;
  const {
    "Gastown-Request": request,
    "Gastown-Bead": bead,
    "Gastown-Epoch": epoch,
    "Gastown-Commit": commit,
    "Gastown-Target": target,
  } = trailers;
  const term = asTerm(link)?.term;
  if (!term || !request || !bead || !epoch || !target || !/^[0-9a-f]{40,64}$/.test(commit ?? "")) {
    return undefined;
  }
  return { request, bead, epoch, commit: commit ?? "", target, term, record };
}
