import type { Bead } from "#services/ledger/bead.ts";
import { openWork } from "#services/ledger/readiness.ts";
import {
  followWisps,
  isReservation,
  reserveNamed,
  type Written,
} from "#services/ledger/wisp-reservation.ts";
import type { WispStore } from "#services/ledger/wisp-store.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import { witnessOf } from "#services/mail/letters.ts";
import type { PolecatPorts } from "../polecat/ports.ts";
import type { PolecatSession } from "../polecat/sessions.ts";

/** What keeps a machine's vapour store small, and its names in the ledger. */
export type VapourOptions = {
  readonly ports: Pick<PolecatPorts, "ledger" | "machine" | "clock" | "signal"> & {
    readonly sessions: { readonly list: () => readonly Holder[] };
  };
  readonly wisps: WispStore;
  /** How long a wisp stays that is over. */
  readonly maxAgeMs: number;
  readonly report: (error: unknown, actor: string) => void;
  readonly log: { readonly info: (collected: Collected, message: string) => void };
};

/** How many wisps were collected, and the ids of the first of them. */
export type Collected = { readonly count: number; readonly wisps: readonly string[] };

type Holder = Pick<PolecatSession, "agent" | "state">;

/** How often wisps are collected, beside at the start. */
export const collectEveryMs = 3_600_000;
const lookEveryMs = 600_000;
/** An open wisp whose owner is gone stays so many times longer than one that is over. */
const abandonedTimes = 7;
const idsShownMax = 20;

/**
 * Collect wisps by age, at the start and every hour; reserve in the ledger what it names, and let
 * reservations stand as their wisps do.
 */
export function runVapour(options: VapourOptions): Actor {
  const { ports, wisps, report } = options;
  const { ledger, machine, clock, signal } = ports;
  // A crash may have come between what names a wisp and its reservation.
  const named: Written[] = writtenSo([...openWork(ledger.world), ...ledger.world.ofType("agent")]);
  const collected = { atMs: Number.NEGATIVE_INFINITY };
  const actor = runActor({
    name: "vapour",
    clock,
    signal,
    everyMs: lookEveryMs,
    round: () => tendVapour(options, named, collected),
    report,
  });
  const deafs = [
    ledger.onChange(({ event }) => {
      const isNew = reserveNamed(ledger.world, wisps.world, machine, [event]).length > 0;
      if (isNew) named.push(event);
      if (isNew || wisps.world.bead(event.bead)) actor.ring();
    }),
    wisps.onChange(({ event }) => {
      const held = ledger.world.bead(event.bead);
      if (held && isReservation(held)) actor.ring();
    }),
  ];
  const ended = actor.ended.then(() => {
    for (const deaf of deafs) deaf();
  });
  return { ...actor, ended };
}

async function tendVapour(
  { ports, wisps, maxAgeMs, log }: VapourOptions,
  named: Written[],
  collected: { atMs: number },
): Promise<void> {
  const { ledger, machine, clock, sessions } = ports;
  const me = witnessOf(machine);
  const seen = named.length;
  await ledger.append(me, reserveNamed(ledger.world, wisps.world, machine, named.slice(0, seen)));
  named.splice(0, seen);
  // What cannot be read is not known to be gone.
  const isWhole = !wisps.alarms().some(({ kind }) => kind === "bad-line" || kind === "gap");
  const follow = () => ledger.append(me, followWisps(ledger.world, wisps.world, machine));
  if (isWhole) await follow();
  const nowMs = clock.nowMs();
  if (nowMs - collected.atMs < collectEveryMs) return;
  collected.atMs = nowMs; // What fails is tried again when it is due again.
  const ages = { maxAgeMs, abandonedMaxAgeMs: abandonedTimes * maxAgeMs };
  const isAbandoned = (root: Bead) => isGone(ownerOf(root), sessions.list());
  const roots = await wisps.collect(nowMs, ages, isAbandoned);
  if (roots.length === 0) return;
  const ids = roots.slice(0, idsShownMax).map(({ id }) => id);
  log.info({ count: roots.length, wisps: ids }, "collected wisps");
  await follow();
}

/** Who a wisp belongs to: who has it, else who made it. */
function ownerOf({ assignee, createdBy }: Bead): string {
  return assignee === "" ? createdBy : assignee;
}

/** Whether an agent is a polecat of whose sessions nothing is left here. Of others nobody knows. */
function isGone(agent: string, sessions: readonly Holder[]): boolean {
  const isHere = sessions.some((each) => each.agent === agent && each.state !== "removed");
  return agent.includes("/polecats/") && !isHere;
}

function writtenSo(beads: readonly Bead[]): Written[] {
  return beads.map(({ uid, dependencies: edges, fields }) => {
    return { bead: uid, op: "create", values: { edges, fields } };
  });
}
