import { authorityRef, readChain, takeTerm } from "#services/git/authority-chain.ts";
import { cliGit, type Git } from "#services/git/git.ts";
import { readFetchedTerm } from "#services/git/term-chain.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { type Rig, termBranch } from "#services/ledger/rigs.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { FleetWatch } from "#services/telemetry/watch-fleet.ts";
import { type AuthorityPorts, govern } from "./authority.ts";
import { ChainWatch } from "./chain-watch.ts";
import { formerWork } from "./former-work.ts";
import { LostSince } from "./release-lost.ts";
import { tellRewound } from "./tell-rewound.ts";
import type { Term, Terms } from "./terms.ts";

/** What the loop of a machine's authorities is run with. */
export type AuthorityOptions = {
  readonly machine: string;
  readonly ledger: Ledger;
  /** Make sure that our bare clone of a rig's remote is there and level with it; its path. */
  readonly clone: (rig: Rig, signal: AbortSignal) => Promise<string>;
  /** The real git if absent. */
  readonly git?: Git | undefined;
  readonly terms: Terms;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly reconcile: (term: Term) => Promise<void>;
  readonly isTownHeard: () => boolean;
  readonly isHeard: (machine: string) => boolean;
  readonly fleet: FleetWatch;
  readonly report: (error: unknown, what: string) => void;
  /** A term was taken. */
  readonly took: (term: Term) => void;
};

const everyMs = 5_000;
const retryMs = 2_000;
const retryMaxMs = 30_000;

/** Govern the rigs of this machine: on every change of the ledger, and now and then unasked. */
export function runAuthority(options: AuthorityOptions): Actor {
  const { ledger, clock, signal, report, fleet } = options;
  const round = authorityRound(options, () => actor.ring());
  const shared = { clock, signal, everyMs, report };
  const actor = runActor({ ...shared, name: "authority", round });
  // A round may wait for a remote longer than a judge who is not asked takes for a stop of its own.
  const judge = runActor({ ...shared, name: "fleet", round: async () => void fleet.verdict() });
  const deaf = ledger.onChange(actor.ring);
  signal.addEventListener("abort", deaf, { once: true });
  return { ...actor, ended: Promise.all([actor.ended, judge.ended]).then(() => {}) };
}

/**
 * One round after another of a process's authorities, with what they remember in between.
 *
 * @param ring called when a remote that failed may be tried again
 */
export function authorityRound(options: AuthorityOptions, ring: () => void): () => Promise<void> {
  const { machine, terms, clock, report } = options;
  const failing = new Map<string, { readonly untilMs: number; readonly delayMs: number }>();
  const ports: AuthorityPorts = {
    ...options,
    chains: new ChainWatch(),
    lostSince: new LostSince(),
    ...handsOf(options, (rig) => failing.delete(rig)),
    nowMs: clock.nowMs,
    mayTry: (rig) => (failing.get(rig)?.untilMs ?? 0) <= clock.nowMs(),
    failed: (error, rig) => {
      // A remote that stays away is asked less and less often, and reported as rarely.
      const delayMs = Math.min(retryMaxMs, (failing.get(rig)?.delayMs ?? retryMs / 2) * 2);
      failing.set(rig, { untilMs: clock.nowMs() + delayMs, delayMs });
      clock.after(delayMs, ring);
      // Losing a term to another process is how a takeover looks from here: no failure.
      if (isTownError(error, "stale")) terms.lose(rig);
      report(error, `authority of ${rig} on ${machine}`);
    },
  };
  return () => govern(ports);
}

/** What an authority does at a rig's remote. */
function handsOf(
  { ledger, clone, git = cliGit, signal, took }: AuthorityOptions,
  answered: (rig: string) => void,
): Pick<AuthorityPorts, "readChain" | "takeTerm" | "formerWork" | "rewound"> {
  const clones = new Map<string, string>();
  const cloneOf = async (rig: Rig): Promise<string> => {
    const repoDir = await clone(rig, signal);
    clones.set(rig.name, repoDir);
    return repoDir;
  };
  return {
    readChain: async ({ rig }) => {
      const repoDir = clones.get(rig.name) ?? (await cloneOf(rig));
      clones.delete(rig.name); // A clone that fails, or was taken away, is looked at anew.
      const onMain = termBranch(rig);
      if (onMain !== undefined) {
        const { landings, ...chain } = await readChain({ repoDir, signal, git, onMain });
        // A landing is a sign of life, and a person's push is none.
        return { ...chain, tip: landings.at(-1)?.record ?? chain.tip };
      }
      await git.fetchRefs({ repoDir, signal }, [authorityRef]);
      return readFetchedTerm({ repoDir, ref: authorityRef, git });
    },
    takeTerm: async ({ rig }, from) => {
      const repoDir = await cloneOf(rig);
      const holder = ledger.writer;
      const place = { repoDir, signal, git, onMain: termBranch(rig) };
      const { term, tip } = await takeTerm({ ...place, ...from, holder });
      const taken: Term = { rig: rig.name, term, tip, repoDir };
      answered(rig.name);
      took(taken);
      return taken;
    },
    formerWork: async ({ rig, repoDir }, beads) => {
      const found = await formerWork({ repoDir, signal, git }, ledger.world, beads);
      answered(rig);
      return found;
    },
    rewound: ({ rig }, found) => tellRewound(ledger, rig, found),
  };
}
