import { dirname, join } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import type { Disk } from "./disk.ts";
import { isSynced } from "./folder-settings.ts";
import { faultOf } from "./mend-clone.ts";
import { readClone } from "./read-clone.ts";
import type { SegmentText } from "./verify.ts";

/**
 * Read the segments of a folder, changing nothing. It may be a journal (`<incarnation>/…`), a home
 * or a folder of `gt ledger init` (`journal` and `ledger.git` in it, or in `town` and
 * `machines/<machine>`), a clone of the ledger (`.beads/events/<machine>/<incarnation>/…`), or a
 * bare one.
 *
 * What stands in several places comes once. Of a segment that is not the same everywhere each
 * version comes, unless another one goes on where it ends.
 *
 * Fails with `not_found` where no ledger is there; one without events has no segments.
 *
 * @param tellFault told of a clone that cannot be read, or is gone; the rest is read all the same
 */
export async function readFolder(
  disk: Disk,
  dir: string,
  signal?: AbortSignal,
  tellFault?: (fault: string) => void,
): Promise<SegmentText[]> {
  const places = await findPlaces(disk, dir);
  if (places === undefined) throw noLedger(dir);
  const segments: SegmentText[] = [];
  for (const journal of places.journals) segments.push(...(await readJournal(disk, journal)));
  for (const clone of places.clones) {
    try {
      segments.push(...(await readClone(clone, signal)));
    } catch (error) {
      if (places.isBare || !tellFault) throw error;
      tellFault(withoutClone(clone, faultOf(error)));
    }
  }
  for (const clone of places.missing) tellFault?.(withoutClone(clone, "it is gone"));
  if (segments.length === 0 && places.isBare) throw noLedger(dir);
  return withoutCopies(segments);
}

function withoutClone(clone: string, fault: string): string {
  const remedy = `gt ledger sync --dir ${dirname(clone)} brings it`;
  return `${clone} cannot be read (${fault}): what others wrote is not here; ${remedy}`;
}

/** Whether {@link readFolder} would find a ledger there. */
export async function isLedger(disk: Disk, dir: string): Promise<boolean> {
  return (await findPlaces(disk, dir)) !== undefined;
}

function noLedger(dir: string): TownError {
  const looked = "<incarnation>/*.jsonl, journal/, ledger.git or .beads/events/";
  const remedy = "name another folder with --dir, or make one: gt ledger init";
  return new TownError("not_found", `no ledger in ${dir} (looked for ${looked}): ${remedy}`);
}

type Places = {
  readonly journals: readonly string[];
  readonly clones: readonly string[];
  /** Clones that were there once. */
  readonly missing: readonly string[];
  /** The folder is itself a repository, and maybe not of a ledger. */
  readonly isBare: boolean;
};

async function findPlaces(disk: Disk, dir: string): Promise<Places | undefined> {
  if (await isRepository(disk, dir)) {
    return { journals: [], clones: [dir], missing: [], isBare: true };
  }
  const clone = join(dir, ".beads", "events");
  const machines = await disk.listDirs(clone);
  if (machines.length > 0) {
    const journals = machines.map((name) => join(clone, name));
    return { journals, clones: [], missing: [], isBare: false };
  }
  if (await isJournal(disk, dir)) {
    return { journals: [dir], clones: [], missing: [], isBare: false };
  }
  const below = await disk.listDirs(join(dir, "machines"));
  const homes = [dir, join(dir, "town"), ...below.map((name) => join(dir, "machines", name))];
  const journals: string[] = [];
  const clones: string[] = [];
  const missing: string[] = [];
  for (const home of homes) {
    const journal = join(home, "journal");
    const repository = join(home, "ledger.git");
    const isNamed = (await disk.list(home)).some((name) => settingsFiles.has(name));
    if (isNamed || (await isJournal(disk, journal))) journals.push(journal);
    // Whatever is left of it: what cannot be read is told of.
    if ((await disk.listDirs(home)).includes("ledger.git")) clones.push(repository);
    else if (isNamed && (await isSynced(home))) missing.push(repository);
  }
  const isSome = journals.length + clones.length > 0;
  return isSome ? { journals, clones, missing, isBare: false } : undefined;
}

/** Either says that a ledger is here, though nothing may have been written to it yet. */
const settingsFiles = new Set(["ledger.json", "machine.json"]);

/** Other things, too, are kept in folders called `journal`, or by a name with a dot in it. */
async function isJournal(disk: Disk, dir: string): Promise<boolean> {
  for (const name of (await disk.listDirs(dir)).filter(isIncarnation)) {
    if ((await disk.list(join(dir, name))).some((file) => /^\d{6}\.jsonl$/.test(file))) return true;
  }
  return false;
}

async function isRepository(disk: Disk, dir: string): Promise<boolean> {
  if (!(await disk.list(dir)).includes("HEAD")) return false;
  return (await disk.listDirs(dir)).includes("objects");
}

function isIncarnation(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,31}\.[a-z0-9]{4,16}$/.test(name);
}

/** The segments of one journal; an empty one has none. */
export async function readJournal(disk: Disk, dir: string): Promise<SegmentText[]> {
  const segments: SegmentText[] = [];
  for (const incarnation of (await disk.listDirs(dir)).filter(isIncarnation)) {
    for (const name of await disk.list(join(dir, incarnation))) {
      if (!name.endsWith(".jsonl")) continue;
      const path = join(dir, incarnation, name);
      segments.push({ path, incarnation, text: new TextDecoder().decode(await disk.read(path)) });
    }
  }
  return segments;
}

function withoutCopies(segments: readonly SegmentText[]): SegmentText[] {
  const versions = Map.groupBy(segments, ({ incarnation, path }) => {
    return `${incarnation}/${path.slice(path.lastIndexOf("/") + 1)}`;
  });
  return [...versions.values()].flatMap((held) => {
    return held.filter((each, at) => {
      return !held.some((other, place) => other !== each && isWithin(each, other, place < at));
    });
  });
}

/** Whether all that one version has is in another; of two equal ones the first stays. */
function isWithin({ text }: SegmentText, other: SegmentText, isBefore: boolean): boolean {
  if (text === other.text) return isBefore;
  // A torn end is to be told of, though another version has that line whole.
  return (text === "" || text.endsWith("\n")) && other.text.startsWith(text);
}
