import { hash } from "node:crypto";
import type { Person } from "#services/identity/person.ts";

/** All files of one moment: text by path, in the order of their paths. Never changed once made. */
export type Tree = { readonly id: string; readonly files: ReadonlyMap<string, string> };

/** A commit with its history. Never changed once made, so any number of clones share it. */
export type Commit = {
  readonly id: string;
  readonly tree: Tree;
  readonly parents: readonly Commit[];
  readonly message: string;
  readonly author: Person;
  readonly committer: Person;
  readonly timeSeconds: number;
  /** Greater than that of any parent, so that a search for an ancestor knows where to stop. */
  readonly generation: number;
};

/** What changes in a tree: new texts by path, undefined where a file goes. */
export type Changes = Readonly<Record<string, string | undefined>>;

const made = new WeakMap<ReadonlyMap<string, string>, Tree>();

/** A tree of these files; its id says what is in it. */
export function makeTree(files: Iterable<readonly [string, string]>): Tree {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  let content = "";
  for (const [path, text] of sorted) content += `${path}\0${text.length}\0${text}`;
  const tree = { id: hash("sha1", `tree\0${content}`), files: new Map(sorted) };
  made.set(tree.files, tree);
  return tree;
}

/** The tree of files that nobody changes any more; made once, however often it is asked for. */
export function treeOfFiles(files: ReadonlyMap<string, string>): Tree {
  const known = made.get(files);
  if (known) return known;
  const tree = makeTree(files);
  made.set(files, tree);
  return tree;
}

/** The tree without files. */
export const noFiles = makeTree([]);

/** A tree with some files changed. */
export function changed(tree: Tree, changes: Changes): Tree {
  return makeTree(changedFiles(tree.files, changes));
}

/** Files with some of them changed. */
export function changedFiles(
  files: ReadonlyMap<string, string>,
  changes: Changes,
): Map<string, string> {
  const next = new Map(files);
  for (const [path, text] of Object.entries(changes)) {
    if (text === undefined) next.delete(path);
    else next.set(path, text);
  }
  return next;
}

/** A commit; the same content at the same second is the same commit, as git has it. */
export function makeCommit(content: Omit<Commit, "id" | "generation">): Commit {
  const { tree, parents, message, author, committer, timeSeconds } = content;
  const said = [
    tree.id,
    parents.map(({ id }) => id).join(" "),
    `${author.name} <${author.email}> ${timeSeconds}`,
    `${committer.name} <${committer.email}> ${timeSeconds}`,
    message,
  ];
  const generation = parents.reduce((high, parent) => Math.max(high, parent.generation), 0) + 1;
  return { ...content, id: hash("sha1", `commit\0${said.join("\n")}`), generation };
}
