import { join } from "node:path";
import type { Disk } from "./disk.ts";
import type { LedgerEvent } from "./event.ts";
import { Journal } from "./journal.ts";

/** A store that is replaced as a whole: `<dir>/<generation>/journal/<incarnation>/…`. */
export type Folders = { readonly dir: string; readonly disk: Disk };

const generationName = /^\d{6}$/;
/** What incarnations are called; the store had them at its top once. */
const incarnationName = /^[a-z][a-z0-9-]{0,31}\.[a-z0-9]{4,16}$/;

/** The folder of a generation's journal. */
export function journalDir({ dir }: Folders, generation: number): string {
  return join(dir, nameOf(generation), "journal");
}

/**
 * The generation that counts: the latest whole one. What a crash left of a switch is settled: one
 * that was not finished goes, and so does one that was replaced.
 */
export async function settleFolders(folders: Folders): Promise<number> {
  const { disk, dir } = folders;
  const names = await disk.listDirs(dir);
  const latest = names.filter((name) => generationName.test(name)).at(-1);
  const generation = latest === undefined ? 1 : Number(latest);
  await adopt(
    folders,
    generation,
    names.filter((name) => incarnationName.test(name)),
  );
  await removeOthers(folders, generation);
  return generation;
}

/** Leave nothing beside one generation, durably. */
async function removeOthers({ disk, dir }: Folders, generation: number): Promise<void> {
  const names = [...(await disk.listDirs(dir)), ...(await disk.list(dir))];
  const others = names.filter((name) => name !== nameOf(generation));
  if (others.length === 0) return;
  await disk.syncDir(dir); // The one that counts has its name for good, before others lose theirs.
  for (const name of others) await disk.remove(join(dir, name));
  await disk.syncDir(dir);
}

/**
 * Write the next generation beside the present one, all of it durable before it counts. A failure
 * before that leaves the present one as it was.
 *
 * @param commit called when nothing but its name is missing: from then on either may count
 */
export async function writeGeneration(
  folders: Folders,
  generation: number,
  incarnation: string,
  events: readonly LedgerEvent[],
  commit: () => void,
): Promise<void> {
  const { dir, disk } = folders;
  const draft = join(dir, `${nameOf(generation)}.new`);
  try {
    await disk.remove(draft);
    const { journal } = await Journal.open({ dir: join(draft, "journal"), incarnation, disk });
    const written = events.map(({ line }) => journal.append([line]));
    const outcomes = await Promise.allSettled([...written, journal.close()]);
    for (const each of outcomes) if (each.status === "rejected") throw each.reason;
  } catch (error) {
    await disk.remove(draft).catch(() => {}); // It is removed before the next, too.
    throw error;
  }
  commit();
  await disk.rename(draft, join(dir, nameOf(generation)));
  await disk.syncDir(dir);
}

/** Take in what an earlier version wrote, which knew no generations. */
async function adopt(
  folders: Folders,
  generation: number,
  incarnations: readonly string[],
): Promise<void> {
  if (incarnations.length === 0) return;
  const { dir, disk } = folders;
  const journal = journalDir(folders, generation);
  await disk.makeDir(journal);
  for (const name of incarnations) await disk.rename(join(dir, name), join(journal, name));
  for (const each of [journal, join(journal, ".."), dir]) await disk.syncDir(each);
}

function nameOf(generation: number): string {
  return String(generation).padStart(6, "0");
}
