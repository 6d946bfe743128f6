import type { Rig } from "#services/ledger/rigs.ts";
import type { ApiPorts } from "../api-ports.ts";

/** What the methods about left work need: it is in the rigs' remotes, not in the ledger. */
export type SalvagePorts = Pick<ApiPorts, "ledger" | "nowMs"> & {
  /** Make sure that a bare clone of the rig's remote is here and level with it; its path. */
  readonly codeDir: (rig: Rig, signal: AbortSignal) => Promise<string>;
};
