import { setFields } from "#services/ledger/drafts.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { drainedField, machineNamed } from "#services/ledger/machines.ts";
import { rigNamed } from "#services/ledger/rigs.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { leftOn, othersFor } from "#services/scheduler/drain.ts";
import type { Terms } from "../authority/terms.ts";
import type { PolecatSession } from "../polecat/sessions.ts";
import { drainDone, type OnMachine } from "./judge.ts";

/** What a machine needs to see that it is empty, and to say so. */
export type DrainPorts = {
  readonly machine: string;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly terms: Pick<Terms, "all">;
  readonly sessions: { readonly list: () => readonly PolecatSession[] };
};

const everyMs = 5_000;

/** While this machine drains, look whether anything is left, and say once that nothing is. */
export function runDrain(
  ports: DrainPorts,
  report: (error: unknown, actor: string) => void,
): Actor {
  const { ledger, clock, signal } = ports;
  const actor = runActor({
    name: "drain",
    clock,
    signal,
    report,
    everyMs,
    round: () => sayWhenDone(ports),
  });
  const following = ledger.onChange(actor.ring);
  signal.addEventListener("abort", following, { once: true });
  return actor;
}

/** One look. */
export async function sayWhenDone(ports: DrainPorts): Promise<void> {
  const { ledger, machine, clock } = ports;
  const host = machineNamed(ledger.world, machine);
  if (host?.drain === undefined) return; // Mostly; what is left does not matter then.
  const id = drainDone(host, onMachine(ports));
  if (id === undefined) return;
  const said = { id, at: new Date(clock.nowMs()).toISOString() };
  await ledger.append(`machines/${machine}`, [
    setFields(host.bead.uid, { [drainedField.name]: said }),
  ]);
}

function onMachine({ ledger: { world }, machine, terms, sessions }: DrainPorts): OnMachine {
  const { beads, authorities } = leftOn(world, machine);
  const isMovable = (name: string) => {
    const rig = rigNamed(world, name)?.rig;
    return rig !== undefined && othersFor(world, rig, machine).length > 0;
  };
  const written = authorities.map(({ rig }) => rig.name);
  const held = terms.all().flatMap(({ rig }) => (isMovable(rig) ? [rig] : []));
  return {
    // A tree that was kept has its checkpoint at the remote, and waits for a person.
    sessions: sessions.list().filter(({ state, kept }) => state !== "removed" && !kept).length,
    claims: beads.length,
    authorities: new Set([...written, ...held]).size,
  };
}
