/** What a tree says of one name in it. */
export type TreeEntry = { readonly mode: number; readonly oid: string };

/** A tree by the names in it, as bytes in latin1: a name need not be UTF-8. */
export type Tree = ReadonlyMap<string, TreeEntry>;

/** The modes that trees of ours have. */
export const treeModes = { file: 0o100644, tree: 0o040000 } as const;

const kindMask = 0o170000;

/** The tree that an entry names; undefined where it is no folder. */
export function treeOf(entry: TreeEntry | undefined): string | undefined {
  return entry && (entry.mode & kindMask) === treeModes.tree ? entry.oid : undefined;
}

/** Whether an entry is a commit of another repository, of which this one has nothing. */
export function isSubmodule(entry: TreeEntry): boolean {
  return (entry.mode & kindMask) === 0o160000;
}

/**
 * Read a tree. Modes are told as git tells them, whatever wrote them.
 *
 * @param like an id of the same repository, whose length says how long ids are in it
 * @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects, "Tree Objects"
 */
export function parseTree(bytes: Buffer, like: string): Tree {
  const oidBytes = like.length / 2;
  const entries = new Map<string, TreeEntry>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const nameEnd = bytes.indexOf(0, space);
    const next = nameEnd + 1 + oidBytes;
    if (space < 0 || nameEnd < 0 || next > bytes.length) throw new Error("a tree is torn");
    const mode = plainMode(Number.parseInt(bytes.toString("latin1", at, space), 8));
    const name = bytes.toString("latin1", space + 1, nameEnd);
    entries.set(name, { mode, oid: bytes.toString("hex", nameEnd + 1, next) });
    at = next;
  }
  return entries;
}

/** A regular file is executable or not; early gits wrote more than that. */
function plainMode(mode: number): number {
  if ((mode & kindMask) !== 0o100000) return mode & kindMask;
  return 0o100000 | ((mode & 0o100) === 0 ? 0o644 : 0o755);
}

/** The bytes of a tree, in the order that git demands: folders as if their names ended in `/`. */
export function formatTree(tree: Tree): Buffer {
  const rows = [...tree].map(([name, entry]) => {
    return { key: treeOf(entry) !== undefined ? `${name}/` : name, name, entry };
  });
  rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  const chunks = rows.flatMap(({ name, entry: { mode, oid } }) => [
    Buffer.from(`${mode.toString(8)} ${name}\0`, "latin1"),
    Buffer.from(oid, "hex"),
  ]);
  return Buffer.concat(chunks);
}
