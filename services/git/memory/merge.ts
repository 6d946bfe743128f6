import { mergeBase } from "./history.ts";
import { type Commit, makeTree, type Tree } from "./objects.ts";

/** Three-way merge, a file at a time; undefined for histories that share nothing. */
export function mergeCommits(
  ours: Commit,
  theirs: Commit,
): { readonly tree: Tree } | { readonly conflicts: string[] } | undefined {
  const base = mergeBase(ours, theirs);
  return base && mergeTrees(base.tree, ours.tree, theirs.tree);
}

/** A file that both changed, and not to the same text, is a conflict. */
function mergeTrees(
  base: Tree,
  ours: Tree,
  theirs: Tree,
): { readonly tree: Tree } | { readonly conflicts: string[] } {
  if (ours.id === base.id) return { tree: theirs };
  if (theirs.id === base.id || theirs.id === ours.id) return { tree: ours };
  const merged = new Map(ours.files);
  const conflicts: string[] = [];
  const settle = (path: string, before: string | undefined, text: string | undefined) => {
    const mine = ours.files.get(path);
    if (text === before || text === mine) return;
    if (mine !== before) conflicts.push(path);
    else if (text === undefined) merged.delete(path);
    else merged.set(path, text);
  };
  for (const [path, text] of theirs.files) settle(path, base.files.get(path), text);
  for (const [path, text] of base.files) if (!theirs.files.has(path)) settle(path, text, undefined);
  return conflicts.length > 0 ? { conflicts: conflicts.sort() } : { tree: makeTree(merged) };
}
