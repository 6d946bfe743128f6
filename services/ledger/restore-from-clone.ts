import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { withReader } from "#services/git/object-reader.ts";
import { findRef } from "#services/git/ref-files.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Disk } from "./disk.ts";
import { heldAt } from "./outgoing.ts";

/** One writer's home: its journal, and the clone that has what it pushed. */
export type JournalHome = {
  readonly disk: Disk;
  readonly home: string;
  /** The machine's name, or `town`. */
  readonly machine: string;
};

/**
 * Write back the segments of a journal that somebody removed, from what was pushed of them: before
 * the journal is opened. What is there still is left as it is.
 *
 * @returns what is to be told; undefined where nothing was missing, or the clone cannot be read
 */
export async function restoreFromClone(options: JournalHome): Promise<string | undefined> {
  const { home, machine } = options;
  const clone = join(home, "ledger.git");
  if (!existsSync(clone)) return undefined;
  try {
    const branch = machine === "town" ? "main" : `machines/${machine}`;
    const tip = await findRef(clone, `refs/remotes/origin/${branch}`);
    const held = await heldAt(clone, tip, machine);
    const back = await writeBack(options, clone, held);
    if (back.length === 0) return undefined;
    const named = back.length > namedMax ? [...back.slice(0, namedMax), "…"] : back;
    const what = `${back.length} segments of ${join(home, "journal")} were gone`;
    return `${what}, and were written back from ${clone}: ${named.join(", ")}`;
  } catch (error) {
    if (!isTownError(error, "not_found", "invalid", "unavailable")) throw error;
    return undefined; // That the clone is broken is said, and mended, elsewhere.
  }
}

const namedMax = 3;

async function writeBack(
  { disk, home, machine }: JournalHome,
  clone: string,
  held: ReadonlyMap<string, { readonly oid?: string }>,
): Promise<string[]> {
  const back: string[] = [];
  const there = new Set(await disk.listDirs(join(home, "journal")));
  await withReader(clone, {}, async (reader) => {
    for (const [path, { oid = "" }] of held) {
      const [incarnation, name] = [basename(dirname(path)), basename(path)];
      // On `main` are the segments of towns that ran elsewhere, too.
      if (!name.endsWith(".jsonl") || (machine === "town" && !there.has(incarnation))) continue;
      const dir = join(home, "journal", incarnation);
      if ((await disk.list(dir)).includes(name)) continue;
      await write(disk, join(dir, name), (await reader.read(oid)).bytes);
      back.push(`${incarnation}/${name}`);
    }
  });
  return back;
}

async function write(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const dir = dirname(path);
  await disk.makeDir(dir);
  const file = await disk.open(path);
  try {
    await file.append(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  for (const each of [dir, dirname(dir)]) await disk.syncDir(each);
}
