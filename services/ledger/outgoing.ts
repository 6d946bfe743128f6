import { objectId } from "#services/git/loose-object.ts";
import { runGit } from "#services/git/run-git.ts";
import { eventsDir } from "./event-blobs.ts";
import { importStream, type NewFile } from "./fast-import.ts";
import type { Segment } from "./journal.ts";
import { writeSmallCommit } from "./small-commit.ts";

/** What one push carries. */
export type Outgoing = {
  /** Our segments with their durable lengths, asked for when the commit is made. */
  readonly segments: () => readonly Segment[];
  readonly bytes: (segment: Segment) => Promise<Uint8Array>;
  /** Further files, grafted trees and parents, made against the base that they will stand on. */
  readonly more?: (base: string | undefined, signal: AbortSignal) => Promise<Addition>;
  readonly message: string;
};

/** What stands beside a writer's events in one commit. */
export type Addition = {
  readonly files: readonly NewFile[];
  readonly merge: readonly string[];
  /** Told once it is at the remote; one that failed is asked for again. */
  readonly pushed?: (commit: string) => void;
};

/** What a branch has of our segments: by path the size, and the id of the content if unproved. */
export type Held = Map<string, { readonly bytes: number; readonly oid?: string }>;

/** What is in a commit of ours, and whether more waits for the next one. */
export type Load = {
  readonly files: readonly NewFile[];
  readonly held: Held;
  readonly isFull: boolean;
};

/** A commit carries this much and the next one the rest: it is all held in memory once. */
export const loadMaxBytes = 16 * 1024 * 1024;

/** Our segments that the branch has not, not whole, or not as they were written. */
export async function newSegments(
  { segments, bytes }: Pick<Outgoing, "segments" | "bytes">,
  machine: string,
  before: Held,
): Promise<Load> {
  const files: NewFile[] = [];
  const held: Held = new Map(before);
  let loadBytes = 0;
  for (const segment of segments()) {
    const { durableBytes } = segment;
    const path = `${eventsDir}/${machine}/${segment.incarnation}/${segment.name}`;
    const there = held.get(path);
    // A restored disk may have less of an earlier incarnation than was pushed: that much is kept.
    if (durableBytes < (there?.bytes ?? 1)) continue;
    if (durableBytes === there?.bytes && there.oid === undefined) continue;
    const content = await bytes(segment);
    held.set(path, { bytes: durableBytes });
    if (durableBytes === there?.bytes && blobId(content, there.oid ?? "") === there.oid) continue;
    files.push({ path, bytes: content });
    loadBytes += durableBytes;
    if (loadBytes >= loadMaxBytes) return { files, held, isFull: true };
  }
  return { files, held, isFull: false };
}

/** The id that git gives to a file, by the hash that another id of the repository is made with. */
export function blobId(bytes: Uint8Array, like: string): string {
  return objectId({ type: "blob", bytes }, like);
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
