import { z } from "zod";
import type { Bead } from "./bead.ts";
import { gtField } from "./gt-field.ts";
import type { World } from "./world.ts";

/** A host with one rig-agent, as the machine itself wrote it. */
export const Machine = z.object({
  name: z.string().min(1),
  /** The rigs that it serves; empty: every one. */
  rigs: z.array(z.string()).default([]),
  polecatsMax: z.number().int().nonnegative(),
  version: z.string().default(""),
  /** The wire version that it speaks. */
  wire: z.number().int().nonnegative().default(1),
});
export type Machine = z.infer<typeof Machine>;

/** What the town wants of a machine; `lost` is observed, not written. */
export type MachineState = "ready" | "cordoned" | "draining";

/** The machine's field on its bead. */
export const machineField = gtField("gt.machine", Machine);
/**
 * What tells the home that has this name from every other one; written by that home itself, once it
 * was let in. Versions before this one write none.
 */
export const identityField = gtField("gt.identity", z.string().min(1));
/** What the town wants of it; written by the town. */
export const machineStateField = gtField(
  "gt.machine_state",
  z.enum(["ready", "cordoned", "draining"]),
);

/** That a machine shall be emptied; written by the town. */
export const Drain = z.object({
  /** A drain that is called off and asked for again is another one. */
  id: z.string(),
  by: z.string(),
  /** RFC 3339; what is left at the deadline is handed off. */
  startedAt: z.string(),
  deadlineAt: z.string(),
});
export type Drain = z.infer<typeof Drain>;
export const drainField = gtField("gt.drain", Drain);
/** That nothing is left on it; written by the machine itself, for one drain. */
export const drainedField = gtField("gt.drained", z.object({ id: z.string(), at: z.string() }));
/** That a machine is lost; written by the town, and taken back when it is heard again. */
export const lostField = gtField("gt.lost", z.object({ sinceAt: z.string(), why: z.string() }));
/**
 * That a person takes a machine's silence for its loss, whatever the storm brake says; written by
 * the town for its overseer. It holds until the machine is heard again.
 */
export const lossConfirmedField = gtField(
  "gt.loss_confirmed",
  z.object({ at: z.string(), by: z.string() }),
);

/** A machine with the bead that keeps it. */
export type EnrolledMachine = {
  readonly bead: Bead;
  readonly machine: Machine;
  readonly state: MachineState;
  readonly drain: Drain | undefined;
  /** When it said that its drain is done, RFC 3339; undefined before. */
  readonly drainedAt: string | undefined;
  /** Since when the town holds it for lost, RFC 3339. */
  readonly lostSince: string | undefined;
};

const enrolled = new WeakMap<readonly Bead[], readonly EnrolledMachine[]>();
const byName = new WeakMap<readonly EnrolledMachine[], ReadonlyMap<string, EnrolledMachine>>();

/** A machine as its bead says, one that left for good too; undefined where it says nothing. */
export function readMachine(bead: Bead): EnrolledMachine | undefined {
  const machine = machineField.read(bead);
  if (!machine) return undefined;
  const state = machineStateField.read(bead) ?? "ready";
  const drain = state === "draining" ? drainField.read(bead) : undefined;
  const drained = drainedField.read(bead);
  const drainedAt = drained && drained.id === drain?.id ? drained.at : undefined;
  const lostSince = lostField.read(bead)?.sinceAt;
  return { bead, machine, state, drain, drainedAt, lostSince };
}

/** Every enrolled machine, by name. */
export function machines(world: World): readonly EnrolledMachine[] {
  const beads = world.ofType("machine");
  const held = enrolled.get(beads) ?? readMachines(beads);
  enrolled.set(beads, held); // The same answer as long as the beads are the same.
  return held;
}

function readMachines(beads: readonly Bead[]): EnrolledMachine[] {
  return beads
    .flatMap((bead) => (bead.status === "closed" ? [] : (readMachine(bead) ?? [])))
    .sort((a, b) => (a.machine.name < b.machine.name ? -1 : 1));
}

/**
 * The first wire version that hands work off, says that a drain is done, reads the term of an
 * appointment, and fences a rig by its target.
 */
export const wireWithFederation = 2;

/** A machine by its name. */
export function machineNamed(world: World, name: string): EnrolledMachine | undefined {
  const all = machines(world);
  const named = byName.get(all) ?? new Map(all.map((each) => [each.machine.name, each]));
  byName.set(all, named);
  return named.get(name);
}

/** Whether a machine may work on a rig, by what both of them say. */
export function serves(
  machine: Pick<Machine, "name" | "rigs">,
  rig: { readonly name: string; readonly machines: readonly string[] },
): boolean {
  const wanted = machine.rigs.length === 0 || machine.rigs.includes(rig.name);
  return wanted && (rig.machines.length === 0 || rig.machines.includes(machine.name));
}
