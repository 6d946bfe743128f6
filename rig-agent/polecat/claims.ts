import type { Ledger } from "#services/ledger/ledger.ts";

/** The beads that this machine was given and has not finished with. */
export type Claims = {
  readonly beads: () => readonly string[];
  /** Forget a bead until it is claimed again. */
  readonly drop: (bead: string) => void;
  readonly close: () => void;
};

/** Follow the claims on one machine: walks the ledger once, then reads along. */
export function followClaims(ledger: Ledger, machine: string): Claims {
  const beads = new Set<string>();
  for (const bead of ledger.world.all()) {
    if (bead.claim?.machine === machine) beads.add(bead.uid);
  }
  const close = ledger.onChange(({ event }) => {
    if (event.op === "claim" && event.values["machine"] === machine) beads.add(event.bead);
  });
  return { beads: () => [...beads], drop: (bead) => beads.delete(bead), close };
}
