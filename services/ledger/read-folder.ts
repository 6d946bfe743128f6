import { join } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import type { Disk } from "./disk.ts";
import type { SegmentText } from "./verify.ts";

/**
 * Read the segments of a folder, changing nothing: of a journal (`<incarnation>/…`), a home with a
 * `journal` in it, or a clone of the ledger (`.beads/events/<machine>/<incarnation>/…`).
 *
 * Fails with `not_found` where it holds no segment.
 */
export async function readFolder(disk: Disk, dir: string): Promise<SegmentText[]> {
  const clone = join(dir, ".beads", "events");
  const machines = await disk.listDirs(clone);
  const journals = machines.length > 0 ? machines.map((name) => join(clone, name)) : [dir];
  if (machines.length === 0) journals.push(join(dir, "journal"), join(dir, "town", "journal"));
  const segments: SegmentText[] = [];
  for (const journal of journals) segments.push(...(await readJournal(disk, journal)));
  if (segments.length > 0) return segments;
  const looked = "<incarnation>/*.jsonl, journal/ or .beads/events/";
  throw new TownError("not_found", `no ledger in ${dir} (looked for ${looked})`);
}

async function readJournal(disk: Disk, dir: string): Promise<SegmentText[]> {
  const segments: SegmentText[] = [];
  for (const incarnation of await disk.listDirs(dir)) {
    if (!/^[a-z][a-z0-9-]{0,31}\.[a-z0-9]{4,16}$/.test(incarnation)) continue;
    for (const name of await disk.list(join(dir, incarnation))) {
      if (!name.endsWith(".jsonl")) continue;
      const path = join(dir, incarnation, name);
      segments.push({ path, incarnation, text: new TextDecoder().decode(await disk.read(path)) });
    }
  }
  return segments;
}
