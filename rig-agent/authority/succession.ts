import { setFields } from "#services/ledger/drafts.ts";
import { parseEpoch } from "#services/ledger/epoch.ts";
import { machineNamed, machines, serves } from "#services/ledger/machines.ts";
import { openWork } from "#services/ledger/readiness.ts";
import { authorityField, type EnrolledRig, holderOf, rigOf } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { mergeQueue } from "#services/merge-queue/queue.ts";
import type { AuthorityPorts } from "./authority.ts";
import { chainMachine, type WatchedChain } from "./chain-watch.ts";
import { mayTake, type Stand } from "./take-over.ts";
import type { Term } from "./terms.ts";

/**
 * So far above every term that anybody is known to have taken is a term established after a remote
 * went back: should somebody unheard hold a few higher ones still, theirs are not ours.
 */
const establishedAbove = 100;

/** What a machine shall do about a rig, by the ledger, its ears, and what it saw of the chain. */
export function standFor(
  ports: AuthorityPorts,
  enrolled: EnrolledRig,
  near: {
    readonly isLost: (machine: string) => boolean;
    /** Whether there is work that an authority would have begun; asked only where it matters. */
    readonly hasWork: () => boolean;
  },
): Stand {
  const { ledger, machine, nowMs, fleet } = ports;
  const { rig, appointed } = enrolled;
  const holder = holderOf(enrolled);
  if (holder === machine) return "hold";
  const able = machines(ledger.world).filter((each) => serves(each.machine, rig));
  const isAlone = able.length === 1 && able[0]?.machine.name === machine;
  if (appointed === undefined && isAlone) return "hold";
  if (ports.isTownHeard()) return "yield";
  const seen = ports.chains.of(rig.name);
  const isDeaf = fleet.isDeaf();
  const holderSilentMs = holder === undefined ? 0 : fleet.silentMs(holder);
  const mayMatter = isDeaf && holderSilentMs >= fleet.limits.lostAfterMs;
  return mayTake({
    machine,
    holder,
    serving: able.filter(({ state }) => state === "ready").map((each) => each.machine.name),
    isTownHeard: false,
    isHolderLost: holder !== undefined && near.isLost(holder),
    isHeard: (name) => name === machine || ports.isHeard(name),
    isDeaf,
    holderSilentMs,
    hasWork: mayMatter && (mergeQueue(ledger.world, rig.name).length > 0 || near.hasWork()),
    chainStillMs: seen ? nowMs() - seen.stillSinceMs : 0,
    limits: fleet.limits,
  });
}

/** Look whether a chain still moves; not more often than is worth a call of its remote. */
export async function watchChain(ports: AuthorityPorts, enrolled: EnrolledRig): Promise<void> {
  if (!lookedLately(ports, enrolled)) await look(ports, enrolled);
}

function lookedLately({ chains, nowMs, fleet }: AuthorityPorts, { rig }: EnrolledRig): boolean {
  const lookMs = Math.min(lookMsMax, fleet.limits.lostAfterMs / 4);
  return nowMs() - (chains.of(rig.name)?.lookedMs ?? Number.NEGATIVE_INFINITY) < lookMs;
}

const lookMsMax = 10_000;

async function look(ports: AuthorityPorts, enrolled: EnrolledRig): Promise<WatchedChain> {
  const { name } = enrolled.rig;
  const shown = await ports.readChain(enrolled);
  return ports.chains.note(name, shown, ports.nowMs());
}

/**
 * Take a rig's next term, reconcile its chain with the target, and say so in the ledger; undefined
 * where it is left to another for now.
 */
export async function takeOver(
  ports: AuthorityPorts,
  enrolled: EnrolledRig,
  near: { readonly stand: Stand; readonly isLost: (machine: string) => boolean },
): Promise<Term | undefined> {
  const { ledger, terms, machine } = ports;
  const { name } = enrolled.rig;
  const before = ports.chains.of(name);
  const isLeft = before !== undefined && isOthers(ports, enrolled, before, near.isLost);
  if (isLeft && lookedLately(ports, enrolled)) return undefined;
  const shown = await look(ports, enrolled);
  // Between our looks its holder did something, so it lives.
  if (near.stand === "try" && before?.tip !== shown.tip) return undefined;
  if (isOthers(ports, enrolled, shown, near.isLost)) return undefined;
  const seenTerm = Math.max(highestTerm(ledger.world, enrolled), terms.highest(name));
  const isRewound = seenTerm > shown.term;
  const known = isRewound ? seenTerm + establishedAbove - 1 : seenTerm;
  const term = await ports.takeTerm(enrolled, { seenTerm: known, establish: isRewound });
  terms.saw(name, term.term);
  if (isRewound) await ports.rewound(enrolled, { shown: shown.term, seen: seenTerm, term });
  await ports.reconcile(term);
  ports.signal.throwIfAborted();
  terms.take(term);
  ports.chains.forget(name);
  await ledger.append(`rigs/${name}/authority`, [
    setFields(enrolled.bead.uid, { [authorityField.name]: { machine, term: term.term } }),
  ]);
  return term;
}

/**
 * Whether another machine took the rig by a term that this ledger has not heard of yet. Its word is
 * given time to arrive, or two machines would take the rig from each other; but no more than that,
 * since whoever took it may have died before it could say so.
 */
function isOthers(
  { ledger, machine, terms, nowMs, fleet }: AuthorityPorts,
  enrolled: EnrolledRig,
  shown: WatchedChain,
  isLost: (machine: string) => boolean,
): boolean {
  const { rig, authority, appointed } = enrolled;
  const other = chainMachine(shown);
  // A chain from before this ledger's time says nothing about its machines.
  if (authority === undefined || other === undefined || other === machine) return false;
  const known = Math.max(authority.term, appointed?.term ?? 0, terms.highest(rig.name));
  if (shown.term <= known || isLost(other) || !machineNamed(ledger.world, other)) return false;
  return nowMs() - shown.stillSinceMs < fleet.limits.lostAfterMs;
}

/** The highest term of a rig that its ledger speaks of: by its bead, or by any claim under one. */
function highestTerm(world: World, { rig, authority, appointed }: EnrolledRig): number {
  const claims = openWork(world).flatMap((bead) => {
    const isRigs = bead.claim !== undefined && rigOf(bead, world)?.rig.name === rig.name;
    return isRigs && bead.claim ? [parseEpoch(bead.claim.epoch).term] : [];
  });
  return claims.reduce(
    (high, term) => Math.max(high, term),
    Math.max(authority?.term ?? 0, appointed?.term ?? 0),
  );
}
