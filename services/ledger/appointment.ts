import type { Json } from "./bead-state.ts";
import { machines, serves, wireWithFederation } from "./machines.ts";
import { type Appointment, appointedField, appointedTermField, type Rig } from "./rigs.ts";
import type { World } from "./world.ts";

/**
 * The fields that appoint a rig's authority. While a machine that serves the rig reads bare names
 * alone, the term stands in a field of its own, so that all of them see the same appointment.
 */
export function appointmentFields(
  world: World,
  rig: Rig,
  { machine, term, asked }: Appointment,
): Record<string, Json> {
  const isBare = machines(world).some((each) => {
    return each.machine.wire < wireWithFederation && serves(each.machine, rig);
  });
  if (isBare) return { [appointedField.name]: machine, [appointedTermField.name]: term };
  return { [appointedField.name]: { machine, term, ...(asked && { asked }) } };
}
