import type { Bead } from "#services/ledger/bead.ts";
import { setFields } from "#services/ledger/drafts.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { machineNamed, machines } from "#services/ledger/machines.ts";
import { authorityField, type EnrolledRig, rigOf, rigs } from "#services/ledger/rigs.ts";
import { closingsOfEpics } from "#services/scheduler/epics.ts";
import { gather, type Scope, standingPlacement } from "#services/scheduler/gather.ts";
import { plan } from "#services/scheduler/plan.ts";
import type { FleetVerdict } from "#services/telemetry/judge-fleet.ts";
import type { FleetWatch } from "#services/telemetry/watch-fleet.ts";
import type { ChainWatch, ShownChain } from "./chain-watch.ts";
import { assignments, type Cursors, claimsToMake, type PlacementOf } from "./claims.ts";
import { hasFormerWork } from "./former-work.ts";
import { goneMachines, type LostSince, releasesOfLost } from "./release-lost.ts";
import { standFor, takeOver, watchChain } from "./succession.ts";
import type { Term, Terms } from "./terms.ts";

/** What the authority of a machine's rigs needs. */
export type AuthorityPorts = {
  readonly ledger: Ledger;
  readonly machine: string;
  readonly terms: Terms;
  /** What was seen of the chains that others hold, and of machines that are lost. */
  readonly chains: ChainWatch;
  readonly lostSince: LostSince;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  /** Whether a rig's remote may be asked: not a moment after it failed. */
  readonly mayTry: (rig: string) => boolean;
  /** What a rig's remote shows of its chain. */
  readonly readChain: (rig: EnrolledRig) => Promise<ShownChain>;
  /** Take the rig's next term at its remote; `establish`: although it shows a lower one. */
  readonly takeTerm: (
    rig: EnrolledRig,
    from: { readonly seenTerm: number; readonly establish: boolean },
  ) => Promise<Term>;
  /** A term was taken: reconcile its chain with the target before anything is claimed. */
  readonly reconcile: (term: Term) => Promise<void>;
  /** The remote had gone back, or its chain was gone, and a term above all known was taken. */
  readonly rewound: (
    rig: EnrolledRig,
    found: { readonly shown: number; readonly seen: number; readonly term: Term },
  ) => Promise<void>;
  /** What new claims of beads that were claimed before go on with. */
  readonly formerWork: (term: Term, beads: readonly Bead[]) => Promise<Cursors>;
  /** Whether the town was heard lately; without it this machine plans for its own rigs. */
  readonly isTownHeard: () => boolean;
  readonly isHeard: (machine: string) => boolean;
  readonly fleet: FleetWatch;
  /** One rig's remote does not answer; the other rigs go on. */
  readonly failed: (error: unknown, rig: string) => void;
};

/** Who is lost, by whoever may say so now. */
type Losses = {
  readonly isLost: (machine: string) => boolean;
  readonly why: (machine: string) => string;
  readonly gone: ReadonlySet<string>;
};

/**
 * One round: hold what shall be held, drop what shall not, end claims whose machines are lost, and
 * claim what is placed and ready.
 */
export async function govern(ports: AuthorityPorts): Promise<void> {
  const losses = lossesOf(ports);
  for (const { rig } of rigs(ports.ledger.world)) {
    // Read anew: the ledger goes on while another rig's remote is asked.
    const enrolled = rigs(ports.ledger.world).find((each) => each.rig.name === rig.name);
    if (!enrolled) continue;
    try {
      await governRig(ports, enrolled, losses);
    } catch (error) {
      ports.failed(error, rig.name);
    }
  }
}

async function governRig(
  ports: AuthorityPorts,
  enrolled: EnrolledRig,
  losses: Losses,
): Promise<void> {
  const { ledger, terms } = ports;
  const { name } = enrolled.rig;
  const { isLost } = losses;
  const hasWork = () => ownPlan(ports, name, losses).hasAny();
  const stand = standFor(ports, enrolled, { isLost, hasWork });
  if (stand === "yield" || stand === "watch") terms.lose(name);
  if (stand === "yield") return ports.chains.forget(name);
  const held = terms.of(name);
  if (held && isDeposed(enrolled, held)) terms.lose(name);
  if (!terms.of(name) && !ports.mayTry(name)) return;
  if (stand === "watch") return watchChain(ports, enrolled);
  const term = terms.of(name) ?? (await takeOver(ports, enrolled, { stand, isLost }));
  if (!term) return;
  await assertTerm(ports, enrolled, term);
  await ledger.append(`rigs/${name}/authority`, releases(ports, enrolled, losses));
  await claim(ports, enrolled, term, losses);
}

/** Whether the ledger shows a later term than ours; the remote would refuse our landings anyway. */
function isDeposed({ authority }: EnrolledRig, held: Term): boolean {
  return authority !== undefined && authority.term > held.term;
}

/** What could not be written as the term was taken is written now. */
async function assertTerm(
  { ledger, machine }: AuthorityPorts,
  { bead, rig }: EnrolledRig,
  { term }: Term,
): Promise<void> {
  const now = ledger.world.bead(bead.uid);
  const written = now && authorityField.read(now);
  if (written && written.term >= term) return;
  await ledger.append(`rigs/${rig.name}/authority`, [
    setFields(bead.uid, { [authorityField.name]: { machine, term } }),
  ]);
}

/**
 * Who is lost. The town says so, and takes it back; with the town silent this machine judges by its
 * own ears, which know of a return that the town did not live to see.
 */
function lossesOf(ports: AuthorityPorts): Losses {
  const { ledger, lostSince, nowMs } = ports;
  const { world } = ledger;
  const gone = goneMachines(world);
  // Asked in every round, since a judge that is rarely asked takes that for a stop of its own.
  const own = ports.fleet.verdict();
  const verdict: FleetVerdict | undefined = ports.isTownHeard() ? undefined : own;
  const since = (name: string): string | undefined => {
    if (!verdict) return machineNamed(world, name)?.lostSince;
    const loss = verdict.lost.get(name);
    return loss && new Date(loss.sinceMs).toISOString();
  };
  const names = machines(world).map(({ machine }) => machine.name);
  lostSince.note(new Set(names.filter((name) => since(name) !== undefined)), nowMs());
  return {
    isLost: (name) => gone.has(name) || since(name) !== undefined,
    why: (name) => `${name} is lost since ${since(name) ?? "just now"}`,
    gone,
  };
}

function releases(ports: AuthorityPorts, enrolled: EnrolledRig, { why, gone }: Losses) {
  const forMs = (name: string) => ports.lostSince.forMs(name, ports.nowMs());
  return releasesOfLost(ports.ledger.world, enrolled, { forMs, why, gone });
}

async function claim(
  ports: AuthorityPorts,
  enrolled: EnrolledRig,
  term: Term,
  losses: Losses,
): Promise<void> {
  const { ledger, nowMs, terms } = ports;
  const { world } = ledger;
  const { name } = enrolled.rig;
  const isRigs = (bead: { id: string }) => rigOf(bead, world)?.rig.name === name;
  const find = () => {
    const placed = ports.isTownHeard() ? undefined : ownPlan(ports, name, losses).placementOf;
    const assigned = assignments(world, enrolled, nowMs(), placed);
    // Placed before it was lost: claimed there it would wait for a machine that never had it.
    return assigned.filter(({ machine }) => !losses.isLost(machine));
  };
  const former = find().filter(({ bead }) => hasFormerWork(bead, world));
  const cursors = await cursorsFor(
    ports,
    term,
    former.map(({ bead }) => bead),
  );
  // While the remote was asked the ledger went on, and the term may have been lost.
  if (terms.of(name)?.term !== term.term) return;
  const claims = claimsToMake(world, enrolled, term.term, find(), cursors);
  await ledger.append(`rigs/${name}/authority`, [...closingsOfEpics(world, isRigs), ...claims]);
}

/** What was claimed before waits while the remote is away; what was not goes on. */
async function cursorsFor(
  ports: AuthorityPorts,
  term: Term,
  beads: readonly Bead[],
): Promise<Cursors> {
  if (beads.length === 0 || !ports.mayTry(term.rig)) return new Map();
  const claims = new Map(beads.map(({ uid, claim: last }) => [uid, last?.epoch]));
  try {
    const found = await ports.formerWork(term, beads);
    const isSame = (uid: string) => ports.ledger.world.bead(uid)?.claim?.epoch === claims.get(uid);
    return new Map([...found].filter(([uid]) => isSame(uid)));
  } catch (error) {
    ports.failed(error, term.rig);
    return new Map();
  }
}

/** With the town away the authority runs the same plan over its own rig. */
function ownPlan(ports: AuthorityPorts, rig: string, { isLost }: Losses) {
  const { ledger, nowMs, isHeard } = ports;
  const scope: Scope = { rig: (name) => name === rig, isHeard, isLost };
  const { candidates, seats, limits } = gather(ledger.world, scope, nowMs());
  const made = new Map(
    plan(candidates, seats, limits).placed.map(({ uid, machine }) => [uid, machine]),
  );
  // What the town placed before it fell silent is no candidate any more, and stands.
  const placementOf: PlacementOf = (bead) =>
    made.get(bead.uid) ?? standingPlacement(bead, ledger.world, scope);
  return { placementOf, hasAny: () => made.size > 0 };
}
