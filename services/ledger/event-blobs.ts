import type { ObjectReader } from "#services/git/object-reader.ts";
import { isSubmodule, treeOf } from "#services/git/tree-object.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { splitLines } from "./journal.ts";

/** Where events stand in the ledger repository. */
export const eventsDir = ".beads/events";

/** Lines that git brought, and where they stood. */
export type FetchedLines = { readonly source: string; readonly lines: readonly string[] };

/** One file of a commit. */
export type Blob = { readonly oid: string; readonly path: string };

/** How many segments are read at once: they are held in memory together. */
const blobsPerRead = 64;
/** More names than this are no ledger, but trees made to be endless. */
const namesMax = 4_000_000;

/**
 * The folder of the events that a branch is the first to have; all of them where `main` is read
 * whole. Undefined for a branch that is none of ours.
 */
export function eventFolder(branch: string, whole: boolean): string | undefined {
  if (branch === "main") return whole ? eventsDir : `${eventsDir}/town`;
  if (/^towns\/[a-z0-9]{1,32}$/.test(branch)) return `${eventsDir}/town`;
  const machine = /^machines\/([a-z][a-z0-9-]{0,31})$/.exec(branch)?.[1];
  return machine === undefined ? undefined : `${eventsDir}/${machine}`;
}

/** The files below `within` that `oid` has and `old` has not, or has otherwise. */
export async function changedBlobs(
  reader: ObjectReader,
  old: string | undefined,
  oid: string,
  within: string,
): Promise<Blob[]> {
  const [before, now] = await Promise.all([
    old === undefined ? undefined : folderAt(reader, old, within),
    folderAt(reader, oid, within),
  ]);
  const blobs: Blob[] = [];
  if (now !== undefined) await compare({ reader, blobs, names: 0 }, before, now, within);
  return blobs;
}

/** The tree at a path of a commit, where it has a folder there. */
async function folderAt(
  reader: ObjectReader,
  commit: string,
  path: string,
): Promise<string | undefined> {
  let at: string | undefined = (await reader.readCommit(commit)).tree;
  for (const name of path.split("/")) {
    if (at === undefined) return undefined;
    at = treeOf((await reader.readTree(at)).get(name));
  }
  return at;
}

type Walk = { readonly reader: ObjectReader; readonly blobs: Blob[]; names: number };

/** Collect what differs below two trees; what is the same on both sides is not looked into. */
async function compare(
  walk: Walk,
  before: string | undefined,
  now: string,
  path: string,
): Promise<void> {
  if (before === now) return;
  const { reader, blobs } = walk;
  const [had, has] = await Promise.all([
    before === undefined ? undefined : reader.readTree(before),
    reader.readTree(now),
  ]);
  walk.names += has.size;
  if (walk.names > namesMax) throw new TownError("exhausted", `${path} has too many files`);
  for (const [name, entry] of has) {
    const old = had?.get(name);
    const tree = treeOf(entry);
    const place = `${path}/${Buffer.from(name, "latin1").toString("utf8")}`;
    if (tree !== undefined) {
      await compare(walk, treeOf(old), tree, place);
    } else if (!isSubmodule(entry) && (old?.oid !== entry.oid || old.mode !== entry.mode)) {
      blobs.push({ oid: entry.oid, path: place });
    }
  }
}

/** The lines of segments; the same bytes at two places are read once. */
export async function readBlobs(
  reader: ObjectReader,
  blobs: readonly Blob[],
): Promise<FetchedLines[]> {
  const segments = new Map(
    blobs.filter(({ path }) => path.endsWith(".jsonl")).map((blob) => [blob.oid, blob]),
  );
  const wanted = [...segments.values()];
  const read: FetchedLines[] = [];
  for (let from = 0; from < wanted.length; from += blobsPerRead) {
    const some = wanted.slice(from, from + blobsPerRead).map(async ({ oid, path }) => {
      return { source: path, lines: splitLines((await reader.read(oid)).bytes) };
    });
    read.push(...(await Promise.all(some)));
  }
  return read;
}
