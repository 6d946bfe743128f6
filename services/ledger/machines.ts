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
/** What the town wants of it; written by the town. */
export const machineStateField = gtField(
  "gt.machine_state",
  z.enum(["ready", "cordoned", "draining"]),
);

/** A machine with the bead that keeps it. */
export type EnrolledMachine = {
  readonly bead: Bead;
  readonly machine: Machine;
  readonly state: MachineState;
};

/** Every enrolled machine, by name. */
export function machines(world: World): EnrolledMachine[] {
  return world
    .ofType("machine")
    .flatMap((bead) => {
      const machine = machineField.read(bead);
      if (!machine || bead.status === "closed") return [];
      return [{ bead, machine, state: machineStateField.read(bead) ?? "ready" }];
    })
    .sort((a, b) => (a.machine.name < b.machine.name ? -1 : 1));
}

/** A machine by its name. */
export function machineNamed(world: World, name: string): EnrolledMachine | undefined {
  return machines(world).find(({ machine }) => machine.name === name);
}

/** Whether a machine may work on a rig, by what both of them say. */
export function serves(
  machine: Pick<Machine, "name" | "rigs">,
  rig: { readonly name: string; readonly machines: readonly string[] },
): boolean {
  const wanted = machine.rigs.length === 0 || machine.rigs.includes(rig.name);
  return wanted && (rig.machines.length === 0 || rig.machines.includes(machine.name));
}
