import type { Bead } from "#services/ledger/bead.ts";
import type { Ledger } from "#services/ledger/ledger.ts";

/** What the methods need that answer from the ledger alone. */
export type ApiPorts = {
  readonly ledger: Ledger;
  /** The wall clock, in ms since the Unix epoch. */
  readonly nowMs: () => number;
  /** The dispatcher's reasons for a bead that it has not placed; without it readiness answers. */
  readonly explain?: ((bead: Bead) => readonly string[]) | undefined;
};
