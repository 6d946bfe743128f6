import type { Landing } from "#services/git/authority-chain.ts";
import { rigNamed, termBranch } from "#services/ledger/rigs.ts";
import { landingState } from "#services/merge-queue/landings.ts";
import { landed, refineryOf } from "#services/merge-queue/outcome.ts";
import type { Term } from "../authority/terms.ts";
import type { RefineryPorts } from "./ports.ts";

type Ports = Pick<RefineryPorts, "ledger" | "code" | "tell">;

/** What a look at the chain found. */
export type Reconciled =
  | { readonly kind: "ruling"; readonly tip: string; readonly pending: Landing[] }
  | { readonly kind: "fenced"; readonly why: string };

/**
 * Close, exactly once, what the chain says landed and the fetched target contains: what an earlier
 * process pushed and did not live to close.
 *
 * @returns the chain's tip, and the landings whose beads have not arrived in this ledger yet;
 *   `fenced` where the chain no longer goes on from our term
 * @throws TownError `unavailable` where the remote does not answer
 */
export async function reconcileChain(
  ports: Ports,
  term: Term,
  signal?: AbortSignal,
): Promise<Reconciled> {
  const { code, ledger } = ports;
  const { repoDir, rig } = term;
  const enrolled = rigNamed(ledger.world, rig);
  const place = { repoDir, signal, onMain: enrolled && termBranch(enrolled.rig) };
  const chain = await code.readChain(place);
  const { tip } = chain;
  if (chain.term !== term.term || !tip || !(await code.contains(repoDir, term.tip, tip))) {
    const holder = chain.holder ?? "nobody";
    return { kind: "fenced", why: `term ${chain.term} of ${rig} is held by ${holder}` };
  }
  const open = chain.landings.filter((each) => landingState(each, ledger.world) !== "settled");
  const targets = [...new Set(open.map(({ target }) => target))];
  const heads = targets.length === 0 ? [] : await code.fetchBranches(place, targets);
  const standing: Landing[] = [];
  for (const landing of open) {
    const head = heads[targets.indexOf(landing.target)];
    const reached = head !== undefined && (await code.contains(repoDir, landing.commit, head));
    if (reached) standing.push(landing);
  }
  return { kind: "ruling", tip, pending: await closeLandings(ports, rig, standing) };
}

/** Close landings that are known to stand; returns those whose beads have not arrived yet. */
export async function closeLandings(
  { ledger, tell }: Ports,
  rig: string,
  landings: readonly Landing[],
): Promise<Landing[]> {
  const pending: Landing[] = [];
  for (const landing of landings) {
    const { request, bead, epoch, commit } = landing;
    const drafts = landed(ledger.world, request, commit);
    if (!drafts) pending.push(landing);
    else if (drafts.length > 0) {
      await ledger.append(refineryOf(rig), drafts);
      tell({ event: "closed-landing", rig, request, bead, epoch, commit });
    }
  }
  return pending;
}
