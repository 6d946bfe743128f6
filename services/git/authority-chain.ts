import { trackingRef } from "./fetch-remote.ts";
import { cliGit, type Git } from "./git.ts";
import { readChainOnMain, takeTermOnMain } from "./main-chain.ts";
import { asTerm, type Link, type TermPlace, takeNextTerm, termOf } from "./term-chain.ts";

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

/** Whose chain, and how long its remote may take. */
export type ChainPlace = Omit<TermPlace, "ref" | "about"> & {
  /**
   * The branch that carries the terms itself, where the remote cannot move a ref of ours together
   * with it. Then what is called the chain is that branch, and its tip a term's commit on it.
   */
  readonly onMain?: string | undefined;
};

/**
 * Fetch the chain and read it.
 *
 * @param since a chain commit; only landings after it are returned, where the chain still has it
 */
export async function readChain(place: ChainPlace & { since?: string }): Promise<Chain> {
  const { git = cliGit, onMain } = place;
  if (onMain !== undefined) return readChainOnMain({ ...place, onMain });
  await git.fetchRefs(place, [authorityRef]);
  return readFetchedChain(place.repoDir, place.since, git);
}

/** The chain as the last fetch left it here, without asking the remote. */
export async function readFetchedChain(
  repoDir: string,
  since?: string,
  git: Git = cliGit,
): Promise<Chain> {
  const tip = await git.readRef(repoDir, trackingRef(authorityRef));
  if (!tip) return { tip: undefined, term: 0, holder: undefined, landings: [] };
  const known = since !== undefined && (await git.isReachable(repoDir, since, tip));
  const links = await git.log({ repoDir, tip, since: known ? since : undefined });
  const landings = links.toReversed().flatMap((link) => asLanding(link) ?? []);
  return { tip, ...(await termOf(repoDir, tip, git)), landings };
}

/** Take a rig's next term of authority; see {@link takeNextTerm}, which says how it fails. */
export function takeTerm(
  wanted: ChainPlace & {
    readonly holder: string;
    readonly seenTerm?: number;
    readonly establish?: boolean;
  },
): Promise<{ term: number; tip: string }> {
  const { onMain } = wanted;
  if (onMain !== undefined) return takeTermOnMain({ ...wanted, onMain });
  return takeNextTerm({ ...wanted, ref: authorityRef, about: "authority" });
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
