import type { Ledger } from "#services/ledger/ledger.ts";
import { townPrefix } from "#services/ledger/rigs.ts";
import { burnWithMachines } from "#services/ledger/wisp-reservation.ts";
import { closingsOfEpics } from "#services/scheduler/epics.ts";
import type { FleetVerdict } from "#services/telemetry/judge-fleet.ts";
import type { Twins } from "#services/telemetry/twins.ts";
import { appointments } from "../fleet/appoint.ts";
import { drainHandOffs } from "../fleet/drain.ts";
import { brakeLetter, lossDrafts } from "../fleet/mark-lost.ts";
import { twinLetters } from "../fleet/twin-letters.ts";

/** What the Deacon's patrol needs. */
export type DeaconPorts = {
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  /** Whether a machine may be given a rig now: it is heard, and speaks as this town does. */
  readonly isFit: (machine: string) => boolean;
  /** When a machine was heard last by our clock; undefined: not since our start. */
  readonly heardMs: (machine: string) => number | undefined;
  /** Who of the fleet is lost, as this town hears it. */
  readonly judge: () => FleetVerdict;
  /** The highest term of a rig that any machine says it holds. */
  readonly termOf: (rig: string) => number;
  /** Machines as which two processes beat at once. */
  readonly twins: () => readonly Twins[];
};

/** What the Deacon keeps between patrols; a start without it tells a storm once more. */
export type DeaconMemory = { stormSinceMs?: number | undefined };

/** A brake that holds a single machine is no storm that a person has to be told of. */
const stormMin = 2;

/**
 * One patrol: say who is lost and who came back, appoint authorities, hand off what is
 * left on machines whose drain is due, close the town's epics whose
 * children are done, and what was reserved for wisps of machines that have left.
 */
export async function tend(ports: DeaconPorts, memory: DeaconMemory = {}): Promise<void> {
  const { ledger, isFit, termOf } = ports;
  const { world } = ledger;
  const verdict = ports.judge();
  await ledger.append("deacon", lossDrafts(world, verdict, ports.heardMs));
  if (verdict.braked.length < stormMin) memory.stormSinceMs = undefined;
  else {
    memory.stormSinceMs ??= ports.nowMs();
    const episode = `${ledger.writer} ${memory.stormSinceMs}`;
    await ledger.append("deacon", brakeLetter(world, verdict, episode));
  }
  await ledger.append("deacon", twinLetters(world, ports.twins()));
  const near = { isFit, termOf, nowMs: ports.nowMs() };
  await ledger.append("deacon", appointments(world, near));
  await ledger.append("deacon", drainHandOffs(world, ports.nowMs()));
  const isTowns = ({ id }: { id: string }) => id.startsWith(`${townPrefix}-`);
  await ledger.append("deacon", closingsOfEpics(world, isTowns));
  await ledger.append("deacon", burnWithMachines(world));
}
