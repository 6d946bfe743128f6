import { setFields } from "#services/ledger/drafts.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { machines, serves } from "#services/ledger/machines.ts";
import { authorityField, type EnrolledRig, holderOf, rigOf, rigs } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { closingsOfEpics } from "#services/scheduler/epics.ts";
import { gather, standingPlacement } from "#services/scheduler/gather.ts";
import { plan } from "#services/scheduler/plan.ts";
import { claimsToMake, type PlacementOf } from "./claims.ts";
import type { Term, Terms } from "./terms.ts";

/** What the authority of a machine's rigs needs. */
export type AuthorityPorts = {
  readonly ledger: Ledger;
  readonly machine: string;
  readonly terms: Terms;
  readonly nowMs: () => number;
  /** Whether a rig's remote may be asked: not a moment after it failed. */
  readonly mayTry: (rig: string) => boolean;
  /** Take the rig's next term at its remote; at least above `seenTerm`. */
  readonly takeTerm: (rig: EnrolledRig, seenTerm: number) => Promise<Term>;
  /** A term was taken: reconcile its chain with the target before anything is claimed. */
  readonly reconcile: (term: Term) => Promise<void>;
  /** Whether the town was heard lately; without it this machine plans for its own rigs. */
  readonly isTownHeard: () => boolean;
  readonly isHeard: (machine: string) => boolean;
  /** One rig's remote does not answer; the other rigs go on. */
  readonly failed: (error: unknown, rig: string) => void;
};

/** One round: hold what shall be held, drop what shall not, claim what is placed and ready. */
export async function govern(ports: AuthorityPorts): Promise<void> {
  const { ledger, machine, terms } = ports;
  for (const enrolled of rigs(ledger.world)) {
    const { name } = enrolled.rig;
    if (!shouldHold(ledger.world, enrolled, machine)) {
      terms.lose(name);
      continue;
    }
    if (isDeposed(enrolled, terms.of(name))) terms.lose(name);
    if (!terms.of(name) && !ports.mayTry(name)) continue;
    try {
      const term = terms.of(name) ?? (await takeOver(ports, enrolled));
      await claim(ports, enrolled, term);
    } catch (error) {
      ports.failed(error, name);
    }
  }
}

/** Whether the ledger shows a later term than ours; the remote would refuse our landings anyway. */
function isDeposed({ authority }: EnrolledRig, held: Term | undefined): boolean {
  return held !== undefined && authority !== undefined && authority.term > held.term;
}

/**
 * Whether a machine shall hold a rig's authority: it was appointed, or nobody was and it is the
 * only one that serves the rig.
 */
export function shouldHold(world: World, enrolled: EnrolledRig, machine: string): boolean {
  if (enrolled.appointed !== undefined) return holderOf(enrolled) === machine;
  const serving = machines(world).filter((each) => serves(each.machine, enrolled.rig));
  return serving.length === 1 && serving[0]?.machine.name === machine;
}

async function takeOver(ports: AuthorityPorts, enrolled: EnrolledRig): Promise<Term> {
  const { ledger, machine, terms } = ports;
  const { name } = enrolled.rig;
  const term = await ports.takeTerm(enrolled, enrolled.authority?.term ?? 0);
  await ports.reconcile(term);
  terms.take(term);
  const observed = { machine, term: term.term };
  await ledger.append(`rigs/${name}/authority`, [
    setFields(enrolled.bead.uid, { [authorityField.name]: observed }),
  ]);
  return term;
}

async function claim(ports: AuthorityPorts, enrolled: EnrolledRig, term: Term): Promise<void> {
  const { ledger, nowMs } = ports;
  const { name } = enrolled.rig;
  const placed = ports.isTownHeard() ? undefined : ownPlan(ports, name);
  const claims = claimsToMake(ledger.world, enrolled, term.term, nowMs(), placed);
  const isRigs = (bead: { id: string }) => rigOf(bead, ledger.world)?.rig.name === name;
  const closings = closingsOfEpics(ledger.world, isRigs);
  await ledger.append(`rigs/${name}/authority`, [...closings, ...claims]);
}

/** With the town away the authority runs the same plan over its own rig. */
function ownPlan(ports: AuthorityPorts, rig: string): PlacementOf {
  const { ledger, nowMs, isHeard } = ports;
  const scope = { rig: (name: string) => name === rig, isHeard };
  const { candidates, seats, limits } = gather(ledger.world, scope, nowMs());
  const made = new Map(
    plan(candidates, seats, limits).placed.map(({ uid, machine }) => [uid, machine]),
  );
  // What the town placed before it fell silent is no candidate any more, and stands.
  return (bead) => made.get(bead.uid) ?? standingPlacement(bead, ledger.world, scope);
}
