import { townPerson } from "#services/identity/person.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { trackingRef } from "./fetch-remote.ts";
import { cliGit, type Git, type LogEntry } from "./git.ts";
import type { Trailers } from "./trailers.ts";

/** Which chain of terms, and how long its remote may take. */
export type TermPlace = {
  readonly repoDir: string;
  /** The ref of the remote that the chain is kept in, `refs/gastown/…`. */
  readonly ref: string;
  /** What the chain is about, for messages: `authority`. */
  readonly about: string;
  /** `origin` by default. */
  readonly remote?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** The real one by default. */
  readonly git?: Git | undefined;
};

/** Who holds which term; term 0 and nobody where there was never one. */
export type Term = { readonly term: number; readonly holder: string | undefined };

/** One commit of a chain. */
export type Link = Pick<LogEntry, "commit" | "trailers">;

/** The chain's newest commit as the last fetch left it here, and its term. */
export async function readFetchedTerm(
  place: Pick<TermPlace, "repoDir" | "ref" | "git">,
): Promise<Term & { readonly tip: string | undefined }> {
  const { repoDir, ref, git = cliGit } = place;
  const tip = await git.readRef(repoDir, trackingRef(ref));
  if (tip === undefined) return { term: 0, holder: undefined, tip };
  return { ...(await termOf(repoDir, tip, git)), tip };
}

/** The term and the holder that a chain commit stands for. */
export async function termOf(repoDir: string, tip: string, git: Git = cliGit): Promise<Term> {
  const [newest] = await git.log({ repoDir, tip, max: 1 });
  // Each commit of ours carries both; a stranger's on top must not hide what is below it.
  const links = newest && asTerm(newest) ? [newest] : await git.log({ repoDir, tip });
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
 * @param wanted.establish the word that a lower term at the remote is to be overcome
 * @throws TownError `stale` when someone else was faster, or when the remote shows a lower term
 *   than was seen (it was restored from a backup: the term must be established again);
 *   `unavailable` when the remote does not answer, and then the term may still have been taken;
 *   `denied` where the remote keeps no such ref
 */
export async function takeNextTerm(
  wanted: TermPlace & {
    readonly holder: string;
    readonly seenTerm?: number;
    readonly establish?: boolean;
  },
): Promise<{ term: number; tip: string }> {
  const { repoDir, ref, about, remote = "origin", signal, timeoutMs, git = cliGit } = wanted;
  const { holder, seenTerm = 0 } = wanted;
  await git.fetchRefs(wanted, [ref]);
  const chain = await readFetchedTerm(wanted);
  if (seenTerm > chain.term && !wanted.establish) {
    throw new TownError(
      "stale",
      `${remote} shows ${about} term ${chain.term}, but term ${seenTerm} was seen: it was ` +
        "rewound or restored; establish the term again before anything lands",
    );
  }
  const term = Math.max(chain.term, seenTerm) + 1;
  const trailers = { "Gastown-Term": String(term), "Gastown-Holder": holder };
  const title = `Term ${term}: ${holder}`;
  const tip = await linkCommit({ repoDir, parent: chain.tip, title, trailers, git });
  const updates = [{ ref, to: tip, lease: chain.tip ?? "" }];
  try {
    await git.push({ repoDir, remote, updates, signal, timeoutMs });
  } catch (error) {
    if (!isTownError(error, "stale", "unavailable")) throw error;
    // The answer of the push may be wrong or lost; what the remote shows now is neither.
    const now = await git.fetchRefs(wanted, [ref]).then(
      () => readFetchedTerm(wanted),
      () => chain,
    );
    if (now.tip === tip) return { term, tip };
    if (now.tip === chain.tip) throw error;
    const message = `term ${now.term} of ${remote} is held by ${now.holder ?? "nobody"}`;
    throw new TownError("stale", message, { cause: error });
  }
  return { term, tip };
}

/** A new chain commit on top of another; unlike any other, whoever else writes the same words. */
export async function linkCommit(wanted: {
  readonly repoDir: string;
  readonly parent: string | undefined;
  readonly title: string;
  readonly trailers: Trailers;
  readonly git?: Git | undefined;
}): Promise<string> {
  const { repoDir, parent, title, trailers, git = cliGit } = wanted;
  return git.commitTree({
    repoDir,
    tree: await git.emptyTree(repoDir),
    parents: parent ? [parent] : [],
    message: title,
    // Two clones of one machine that take a term in the same second would make the same commit,
    // and the remote would tell both that they have it.
    trailers: { ...trailers, "Gastown-Nonce": git.newNonce() },
    author: townPerson,
    committer: townPerson,
  });
}

/** The term that one commit carries; undefined for a stranger's. */
export function asTerm({ trailers }: Link): Term | undefined {
  const text = trailers["Gastown-Term"] ?? "";
  if (!/^[1-9]\d{0,14}$/.test(text)) return undefined;
  return { term: Number(text), holder: trailers["Gastown-Holder"] };
}
