import type { Landing } from "#services/git/authority-chain.ts";
import { closeBead } from "#services/ledger/drafts.ts";
import { isEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { rigNamed, termBranch } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { landingState } from "#services/merge-queue/landings.ts";
import { landed, mergedClose, refineryOf } from "#services/merge-queue/outcome.ts";
import { mergeRequestUid } from "#services/molecules/leave.ts";
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

/**
 * Close landings that are known to stand; returns those whose requests have not arrived yet. The
 * bead of such a one closes all the same: its worker's machine may be lost together with what it
 * had not said yet, and what landed is not to be done again.
 */
export async function closeLandings(
  { ledger, tell }: Ports,
  rig: string,
  landings: readonly Landing[],
): Promise<Landing[]> {
  const pending: Landing[] = [];
  for (const landing of landings) {
    const { request, bead, epoch, commit } = landing;
    const known = landed(ledger.world, request, commit);
    if (!known) pending.push(landing);
    const drafts = known ?? closeWork(ledger.world, landing);
    if (drafts.length > 0) {
      await ledger.append(refineryOf(rig), drafts);
      tell({ event: "closed-landing", rig, request, bead, epoch, commit });
    }
  }
  return pending;
}

/** Close the bead of a landing by the chain's word alone; it must be the one that was submitted. */
function closeWork(world: World, { request, bead, epoch, commit, target }: Landing): Draft[] {
  const work = world.bead(bead);
  if (!work || work.deleted || !isEpoch(epoch)) return [];
  if (mergeRequestUid(work.uid, epoch) !== request) return [];
  const close = mergedClose(request, commit);
  if (work.closes.includes(close)) return [];
  const reason = `landed as ${commit.slice(0, 12)} on ${target}`;
  return [closeBead(work.uid, { close, kind: "merged", reason, epoch, commit, request })];
}
