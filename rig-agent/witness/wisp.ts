import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Disk } from "#services/ledger/disk.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";

/** The vapour store of a machine: a ledger that nobody else reads and that leaves no history. */
export type WispStore = {
  readonly ledger: () => Ledger;
  /** Delete everything in it. */
  readonly evaporate: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Open a machine's vapour store; it survives restarts, and is never synced. */
export async function openWisps(options: {
  readonly home: string;
  readonly machine: string;
  readonly disk: Disk;
  readonly nowMs: () => number;
}): Promise<WispStore> {
  const { home, machine, disk, nowMs } = options;
  const dir = join(home, "wisp");
  const open = () => openLedger({ dir, machine, disk, nowMs });
  let ledger = await open();
  return {
    ledger: () => ledger,
    evaporate: async () => {
      await ledger.close();
      await rm(dir, { recursive: true, force: true });
      ledger = await open();
    },
    close: () => ledger.close(),
  };
}
