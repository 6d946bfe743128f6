import { objectId } from "#services/git/loose-object.ts";
import type { ObjectReader } from "#services/git/object-reader.ts";
import { runGit } from "#services/git/run-git.ts";
import { eventsDir } from "./event-blobs.ts";
import { importStream, type NewFile } from "./fast-import.ts";
import { joinSegment } from "./join-segment.ts";
import type { Segment } from "./journal.ts";
import type { Alarm } from "./ledger.ts";
import { writeSmallCommit } from "./small-commit.ts";

/** What one push carries. */
export type Outgoing = {
  /** Our segments with their durable lengths, asked for when the commit is made. */
  readonly segments: () => readonly Segment[];
  readonly bytes: (segment: Segment) => Promise<Uint8Array>;
  /** Further files, grafted trees and parents, made against the base that they will stand on. */
  readonly more?: (base: string | undefined, signal: AbortSignal) => Promise<Addition>;
  /** Told once of each segment of ours that is not as it was pushed. */
  readonly altered?: (segment: string) => void;
  readonly message: string;
};

/** What stands beside a writer's events in one commit. */
export type Addition = {
  readonly files: readonly NewFile[];
  readonly merge: readonly string[];
  /** Told once it is at the remote; one that failed is asked for again. */
  readonly pushed?: (commit: string) => void;
};

/** What a branch has of one segment of ours. */
export type HeldSegment = {
  readonly bytes: number;
  /** The id of the content, unless it is proved to be how ours begins. */
  readonly oid?: string;
  /** It is not how ours begins, and yet has all that so many bytes of ours say. */
  readonly ours?: number;
};

/** What a branch has of our segments, by path. */
export type Held = Map<string, HeldSegment>;

/** What is in a commit of ours, and whether more waits for the next one. */
export type Load = {
  readonly files: readonly NewFile[];
  readonly held: Held;
  readonly isFull: boolean;
  /** Segments, `<incarnation>/<name>`, of which what is here is not what was pushed. */
  readonly altered: readonly string[];
};

/** A commit carries this much and the next one the rest: it is all held in memory once. */
export const loadMaxBytes = 16 * 1024 * 1024;

/**
 * Our segments that the branch has not, or not whole. What it has of them is never replaced: where
 * ours say something else, somebody changed what is here, and the branch gets that too, behind it.
 *
 * @param reader reads what the branch has; asked for what ours does not begin with alone
 */
export async function newSegments(
  { segments, bytes }: Pick<Outgoing, "segments" | "bytes">,
  machine: string,
  before: Held,
  reader: Pick<ObjectReader, "read">,
): Promise<Load> {
  const files: NewFile[] = [];
  const altered: string[] = [];
  const held: Held = new Map(before);
  let loadBytes = 0;
  for (const segment of segments()) {
    const file = `${segment.incarnation}/${segment.name}`;
    const path = `${eventsDir}/${machine}/${file}`;
    const there = held.get(path);
    if (!mayLack(there, segment.durableBytes)) continue;
    const next = await follow(there, await bytes(segment), reader);
    held.set(path, next.held);
    if (next.isAltered) altered.push(file);
    if (!next.bytes) continue;
    files.push({ path, bytes: next.bytes });
    loadBytes += next.bytes.length;
    if (loadBytes >= loadMaxBytes) return { files, held, isFull: true, altered };
  }
  return { files, held, isFull: false, altered };
}

function mayLack(there: HeldSegment | undefined, durableBytes: number): boolean {
  if (!there || there.ours !== undefined) return durableBytes > (there?.ours ?? 0);
  return there.oid !== undefined || durableBytes > there.bytes;
}

type Next = { readonly held: HeldSegment; readonly bytes?: Uint8Array; readonly isAltered?: true };

/** What is to stand at the branch, where something is, and something of ours may be lacking. */
async function follow(
  there: HeldSegment | undefined,
  ours: Uint8Array,
  reader: Pick<ObjectReader, "read">,
): Promise<Next> {
  const { oid } = there ?? {};
  if (there === undefined || oid === undefined || isStart(there.bytes, oid, ours)) {
    const held = { bytes: ours.length };
    return ours.length === there?.bytes ? { held } : { held, bytes: ours };
  }
  const theirs = (await reader.read(oid)).bytes;
  const joined = joinSegment(theirs, ours);
  const isNew = joined.length > theirs.length;
  const held = { bytes: joined.length, oid: blobId(joined, oid), ours: ours.length };
  // A restored disk may have less of an earlier incarnation than was pushed: no fault of anyone.
  const isLess = Buffer.from(theirs).subarray(0, ours.length).equals(ours);
  const isAltered = !isLess && there.ours === undefined;
  return { held, ...(isNew && { bytes: joined }), ...(isAltered && { isAltered }) };
}

function isStart(length: number, oid: string, ours: Uint8Array): boolean {
  return ours.length >= length && blobId(ours.subarray(0, length), oid) === oid;
}

/** The id that git gives to a file, by the hash that another id of the repository is made with. */
export function blobId(bytes: Uint8Array, like: string): string {
  return objectId({ type: "blob", bytes }, like);
}

/** What is said of a segment whose bytes are not those that were pushed. */
export function alteredAlarm(segment: string): Alarm {
  const detail = `${segment} differs from what was pushed: the pushed lines stay`;
  return { kind: "altered", detail: `${detail}; see gt ledger verify` };
}

/** What a commit has of one machine's segments, with the ids of their contents. */
export async function heldAt(
  dir: string,
  base: string | undefined,
  machine: string,
): Promise<Held> {
  const held: Held = new Map();
  if (base === undefined) return held;
  const args = ["ls-tree", "-r", "-l", "-z", base, "--", `${eventsDir}/${machine}/`];
  const { stdout } = await runGit(args, { cwd: dir });
  for (const row of stdout.split("\0")) {
    const [meta = "", path] = row.split("\t");
    const [, , oid = "", bytes] = meta.trim().split(/\s+/);
    if (path !== undefined) held.set(path, { bytes: Number(bytes), oid });
  }
  return held;
}

/** Make a commit of files on top of a base, without a ref, an index or a work tree. */
export async function commitFiles(
  dir: string,
  commit: {
    readonly base: string | undefined;
    readonly files: readonly NewFile[];
    readonly merge: readonly string[];
    readonly machine: string;
    readonly message: string;
  },
): Promise<string> {
  const made = {
    from: commit.base,
    merge: commit.merge,
    author: `${commit.machine} <${commit.machine}@${ownDomain}>`,
    atSeconds: Math.floor(Date.now() / 1000),
    message: commit.message,
    files: commit.files,
  };
  const small = await writeSmallCommit(dir, made);
  if (small !== undefined) return small;
  const run = { cwd: dir, input: importStream(made) };
  const { stdout } = await runGit(["fast-import", "--quiet", "--force"], run);
  return stdout.trim();
}

/** The domain of everyone who commits to the ledger as Gas Town; no person's is below it. */
export const ownDomain = "gastown.invalid";
