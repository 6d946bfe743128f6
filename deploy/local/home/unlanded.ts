import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Bead } from "#services/ledger/bead.ts";
import { isHeld } from "#services/ledger/bead.ts";
import { openLedgerGit } from "#services/ledger/ledger-git.ts";
import { openWork } from "#services/ledger/readiness.ts";
import type { World } from "#services/ledger/world.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { machineHome } from "../process/plan.ts";
import { machinesIn } from "../process/sessions.ts";
import { foldLines, journalLines } from "../verify/read-ledger.ts";

/**
 * Work that would be lost, or forgotten, with a home: all open work where its town lives there,
 * else what its machines hold. Read from its disk, so that nothing needs to run. Pure.
 */
export function unlanded(world: World, hasTown: boolean, machines: readonly string[]): Bead[] {
  return openWork(world).filter((bead) => {
    if (hasTown) return true;
    return isHeld(bead) && machines.includes(bead.claim?.machine ?? "");
  });
}

/** The work of a home that has not landed, as its journals and its clones of the ledger tell. */
export async function unlandedIn(home: string, signal: AbortSignal): Promise<Bead[]> {
  const machines = await machinesIn(home);
  const folders = [join(home, "town"), ...machines.map((machine) => machineHome(home, machine))];
  const lines = [];
  for (const folder of folders) {
    lines.push(...(await journalLines(join(folder, "journal"))));
    lines.push(...(await cloneLines(folder, signal)));
  }
  const { world } = await foldLines(lines);
  return unlanded(world, existsSync(join(home, "town")), machines);
}

/** What others wrote, as far as this clone can know it. */
async function cloneLines(folder: string, signal: AbortSignal) {
  const dir = join(folder, "ledger.git");
  if (!existsSync(dir)) return [];
  try {
    const git = openLedgerGit({ dir, remote: "", branch: "main", machine: "reader" });
    return (await git.fetch(signal)).lines;
  } catch (error) {
    // Its remote is away: the journals, which hold all that was written here, must do.
    if (!isTownError(error)) throw error;
    return [];
  }
}
