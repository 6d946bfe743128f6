import type { Ledger } from "#services/ledger/ledger.ts";
import { workInHand } from "#services/ledger/readiness.ts";
import { workField } from "#services/ledger/work-fields.ts";

/** The beads that this machine was given and has not finished with. */
export type Claims = {
  readonly beads: () => readonly string[];
  /** Forget a bead until it is claimed again. */
  readonly drop: (bead: string) => void;
  readonly close: () => void;
};

/**
 * Follow the claims on one machine: looks at what is in hand, and at what has a molecule that was
 * not squashed yet, then reads along. What else is over left nothing here, or a session that says
 * so.
 */
export function followClaims(ledger: Ledger, machine: string): Claims {
  const { world } = ledger;
  const traces = world.ofType("molecule").flatMap((root) => workField.read(root) ?? []);
  const uids = new Set([...workInHand(world).map(({ uid }) => uid), ...traces]);
  const beads = new Set<string>();
  for (const uid of uids) {
    if (world.bead(uid)?.claim?.machine === machine) beads.add(uid);
  }
  const close = ledger.onChange(({ event }) => {
    if (event.op === "claim" && event.values["machine"] === machine) beads.add(event.bead);
  });
  return { beads: () => [...beads], drop: (bead) => beads.delete(bead), close };
}
