import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../deploy/setup/set-up.mjs";
import { renderFaults, type Standing, type Standings } from "./faults-table.ts";
import { workFaults } from "./work-faults.ts";

/** Where the table of faults is kept. */
export const faultsPage = join(projectRoot, "docs", "faults.md");

/** What the simulator and chaos say of themselves, each sorted by name. */
export async function readStandings(): Promise<Standings> {
  const simulator = [...(await standingsIn("test/sim/faults")), ...workFaults];
  const chaos = await standingsIn("test/chaos/scenarios");
  return { simulator: simulator.sort(byName), chaos: chaos.sort(byName) };
}

/** Write the table of faults anew. */
export async function writeFaultsPage(): Promise<void> {
  await writeFile(faultsPage, renderFaults(await readStandings()));
}

/** Whatever the files of a folder export that has a name and faults, alone or in lists. */
async function standingsIn(folder: string): Promise<Standing[]> {
  const dir = join(projectRoot, folder);
  const files = (await readdir(dir)).filter((name) => /^[a-z0-9-]+\.ts$/.test(name)).sort();
  const found = new Map<string, Standing>();
  for (const file of files) {
    const loaded: Record<string, unknown> = await import(pathToFileURL(join(dir, file)).href);
    for (const each of Object.values(loaded).flat()) {
      if (isStanding(each)) found.set(each.name, each);
    }
  }
  return [...found.values()];
}

function isStanding(value: unknown): value is Standing {
  return typeof value === "object" && value !== null && "name" in value && "faults" in value;
}

function byName(a: Standing, b: Standing): number {
  return a.name < b.name ? -1 : 1;
}
