import { townPerson } from "#services/identity/person.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { attempt } from "./attempt.ts";
import type { Chain, ChainPlace, Landing } from "./authority-chain.ts";
import { trackingRef } from "./fetch-remote.ts";
import { cliGit, type Git, type LogEntry } from "./git.ts";
import { asTerm, type Term } from "./term-chain.ts";

/** A rig whose target carries the terms itself. */
export type MainPlace = ChainPlace & { readonly onMain: string };

/** A term of the target, and its commit there; term 0 where there was never one. */
export type MainTerm = Term & { readonly commit: string | undefined };

/** The target, as the last fetch left it, with its newest term. */
type Standing = MainTerm & { readonly main: string | undefined };

/** The newest commits with a term that are looked through for the highest. */
const termsRead = 50;
const triesMax = 5;

/**
 * The highest term in a history. Everywhere in it, not along first parents alone: a person who
 * merges the target into their own branch and pushes that must not hide a term.
 */
export async function termWithin(
  wanted: { readonly repoDir: string; readonly tip: string; readonly since?: string },
  git: Git,
): Promise<MainTerm> {
  const which = { max: termsRead, isFirstParent: false, trailers: ["Gastown-Term"] };
  let newest: MainTerm = { term: 0, holder: undefined, commit: undefined };
  for (const link of await git.log({ ...wanted, ...which })) {
    const term = asTerm(link);
    if (term && term.term > newest.term) newest = { ...term, commit: link.commit };
  }
  return newest;
}

/**
 * Take the next term with a commit on the target that changes no file: whatever was built on what
 * was there before is no fast-forward from here on. Fails as `takeNextTerm` does.
 */
export async function takeTermOnMain(
  wanted: MainPlace & {
    readonly holder: string;
    readonly seenTerm?: number;
    readonly establish?: boolean;
  },
): Promise<{ term: number; tip: string }> {
  const { remote = "origin", holder, seenTerm = 0, onMain, git = cliGit } = wanted;
  for (let left = triesMax - 1; ; left -= 1) {
    const before = await look(wanted, git);
    if (before.main === undefined) {
      throw new TownError("not_found", `${remote} has no branch ${onMain} to carry a term`);
    }
    if (seenTerm > before.term && !wanted.establish) {
      throw new TownError(
        "stale",
        `${onMain} of ${remote} shows term ${before.term}, but term ${seenTerm} was seen: it was ` +
          "rewound or restored; establish the term again before anything lands",
      );
    }
    const term = Math.max(before.term, seenTerm) + 1;
    const tip = await termCommit(wanted, before.main, { term, holder }, git);
    const failure = await attempt(pushMain(wanted, tip, before.main, git));
    if (!failure) return { term, tip };
    if (!isTownError(failure, "stale", "unavailable")) throw failure;
    // The answer of the push may be wrong or lost; what the remote shows now is neither.
    const now = await look(wanted, git).catch(() => before);
    if (now.commit === tip) return { term, tip };
    if (now.term > before.term) {
      const message = `term ${now.term} of ${remote} is held by ${now.holder ?? "nobody"}`;
      throw new TownError("stale", message, { cause: failure });
    }
    // A person or a landing moved it, and no term did: that is no reason to give up.
    if (now.main === before.main || left === 0) throw failure;
  }
}

/** Fetch the target and read its terms and landings. */
export async function readChainOnMain(place: MainPlace & { since?: string }): Promise<Chain> {
  const { repoDir, git = cliGit, onMain, since } = place;
  const { main, term, holder, commit: tip } = await look(place, git);
  if (main === undefined || tip === undefined) {
    return { tip: undefined, term: 0, holder: undefined, landings: [] };
  }
  const known = since !== undefined && (await git.isReachable(repoDir, since, main));
  // Along first parents: what a worker writes into a commit of its own is no landing.
  const links = await git.log({
    repoDir,
    tip: main,
    since: known ? since : undefined,
    trailers: ["Gastown-Term", "Gastown-Request"],
  });
  return { tip, term, holder, landings: landingsOf(links.toReversed(), onMain, known ? term : 0) };
}

/** Landings of a target, oldest first, each in the term that was the newest then. */
function landingsOf(links: readonly LogEntry[], target: string, termBefore: number): Landing[] {
  let term = termBefore;
  return links.flatMap((link) => {
    term = Math.max(term, asTerm(link)?.term ?? 0);
    const { commit, trailers } = link;
    const { "Gastown-Request": request, "Gastown-Bead": bead, "Gastown-Epoch": epoch } = trailers;
    if (!request || !bead || !epoch) return [];
    return [{ request, bead, epoch, commit, target, term, record: commit }];
  });
}

async function look(place: MainPlace, git: Git): Promise<Standing> {
  const { repoDir, onMain } = place;
  const branch = `refs/heads/${onMain}`;
  await git.fetchRefs(place, [branch]);
  const main = await git.readRef(repoDir, trackingRef(branch));
  if (main === undefined) return { term: 0, holder: undefined, commit: undefined, main };
  return { ...(await termWithin({ repoDir, tip: main }, git)), main };
}

async function termCommit(
  { repoDir, onMain }: MainPlace,
  main: string,
  { term, holder }: { readonly term: number; readonly holder: string },
  git: Git,
): Promise<string> {
  return git.commitTree({
    repoDir,
    tree: await git.treeOf(repoDir, main),
    parents: [main],
    message:
      `Term ${term}: ${holder}\n\nIt changes no file. From here on ${onMain} is moved by this ` +
      "holder, and what\nanother one built on the commit before is no fast-forward any more.",
    trailers: {
      "Gastown-Term": String(term),
      "Gastown-Holder": holder,
      // Two clones of one machine that take a term in the same second must not share a commit.
      "Gastown-Nonce": git.newNonce(),
    },
    author: townPerson,
    committer: townPerson,
  });
}

/** Move the target, if it is still where it was. */
export function pushMain(place: MainPlace, to: string, from: string, git: Git): Promise<void> {
  const { repoDir, remote, onMain, signal, timeoutMs } = place;
  const updates = [{ ref: `refs/heads/${onMain}`, to, lease: from }];
  return git.push({ repoDir, remote, updates, signal, timeoutMs });
}
