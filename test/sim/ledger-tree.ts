import { hash } from "node:crypto";
import { noFiles, type Tree } from "#services/git/memory/objects.ts";

/** One segment as a commit has it. Its lines are shared with every later commit and replica. */
export type SegmentText = {
  readonly id: string;
  /** Has further lines where a later commit has them. */
  readonly lines: readonly string[];
  readonly count: number;
  readonly bytes: number;
};

/** The segments of a commit of the ledger, by path. */
export type Segments = ReadonlyMap<string, SegmentText>;

const none: Segments = new Map();
const contents = new WeakMap<Tree, Segments>();

/** What a commit's tree has of the ledger. */
export function segmentsIn(tree: Tree | undefined): Segments {
  return (tree && contents.get(tree)) ?? none;
}

/** A tree of segments. It is no text like other trees: that would have to be hashed whole. */
export function ledgerTree(segments: Segments): Tree {
  let said = "";
  for (const [path, { id }] of [...segments].sort(([a], [b]) => (a < b ? -1 : 1))) {
    said += `${path} ${id}\n`;
  }
  const tree: Tree = { id: hash("sha1", `ledger\n${said}`), files: noFiles.files };
  contents.set(tree, segments);
  return tree;
}

/** A segment with what was appended to it since, as bytes that begin where it ended. */
export function appended(before: SegmentText | undefined, bytes: Uint8Array): SegmentText {
  const text = new TextDecoder().decode(bytes);
  const more = text.split("\n").filter((line) => line !== "");
  const known = (before?.lines ?? []) as string[];
  const count = before?.count ?? 0;
  // Somebody else's may go on there otherwise: then they part.
  const lines = known.length === count && before ? known : known.slice(0, count);
  lines.push(...more);
  return {
    id: hash("sha1", `${before?.id ?? ""}\n${text}`),
    lines,
    count: count + more.length,
    bytes: (before?.bytes ?? 0) + bytes.length,
  };
}

/** The lines of a segment that an earlier look did not have. */
export function linesSince(now: SegmentText, before: SegmentText | undefined): string[] {
  const isSame = before !== undefined && before.lines === now.lines && before.count <= now.count;
  return now.lines.slice(isSame ? before.count : 0, now.count);
}
