import { type NewObject, objectId, writeLoose } from "#services/git/loose-object.ts";
import { type ObjectReader, withReader } from "#services/git/object-reader.ts";
import { formatTree, type TreeEntry, treeModes, treeOf } from "#services/git/tree-object.ts";
import type { NewCommit, NewFile } from "./fast-import.ts";

/** More is left to git, which packs it, in a process of its own. */
const filesMax = 16;
const totalMaxBytes = 1024 * 1024;

/**
 * Write a commit of a few files without a process; the very commit that fast-import would make.
 *
 * No ref names it before it is pushed. Undefined where that is left to git: the first commit of a
 * branch, one that is large, a path that asks for care, a disk that does not take it.
 */
export async function writeSmallCommit(
  dir: string,
  commit: NewCommit,
): Promise<string | undefined> {
  const { from, files } = commit;
  if (from === undefined || !isSmall(files)) return undefined;
  const top = asFolder(files, from);
  if (top === undefined) return undefined;
  const objects = [...top.objects];
  try {
    const root = await withReader(dir, {}, async (reader) => {
      const { tree } = await reader.readCommit(from);
      return graft({ reader, objects, like: from }, tree, top.folder);
    });
    objects.push({ type: "commit", bytes: commitBytes(commit, root) });
    return (await writeLoose(dir, objects, from)).at(-1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return undefined; // Git says in words that callers know what the disk lacks.
  }
}

function isSmall(files: readonly NewFile[]): boolean {
  const totalBytes = files.reduce((sum, file) => sum + ("blob" in file ? 0 : file.bytes.length), 0);
  return files.length <= filesMax && totalBytes <= totalMaxBytes;
}

/** What is new in a folder: files by the ids of their contents, and folders with something new. */
type Folder = { readonly files: Map<string, string>; readonly folders: Map<string, Folder> };

function asFolder(
  files: readonly NewFile[],
  like: string,
): { folder: Folder; objects: NewObject[] } | undefined {
  const top: Folder = { files: new Map(), folders: new Map() };
  const objects: NewObject[] = [];
  for (const file of files) {
    const parts = file.path.split("/");
    if (!parts.every(isPlainName)) return undefined;
    const name = parts.pop() ?? "";
    let at = top;
    for (const part of parts) {
      const below = at.folders.get(part) ?? { files: new Map(), folders: new Map() };
      at.folders.set(part, below);
      if (at.files.has(part)) return undefined;
      at = below;
    }
    if (at.folders.has(name)) return undefined;
    if ("bytes" in file) {
      const object = { type: "blob", bytes: file.bytes };
      objects.push(object);
      at.files.set(name, objectId(object, like));
    } else {
      at.files.set(name, file.blob);
    }
  }
  return { folder: top, objects };
}

/** A name that means nothing else to any git or file system. */
function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(name) && !/^(?:\.{1,2}|\.git)$/i.test(name);
}

type Grafting = {
  readonly reader: ObjectReader;
  readonly objects: NewObject[];
  readonly like: string;
};

/** Make the tree that has what `old` has, with what is new in place of it; returns its id. */
async function graft(grafting: Grafting, old: string | undefined, folder: Folder): Promise<string> {
  const { reader, objects, like } = grafting;
  const tree = new Map<string, TreeEntry>(old === undefined ? [] : await reader.readTree(old));
  for (const [name, below] of folder.folders) {
    const oid = await graft(grafting, treeOf(tree.get(name)), below);
    tree.set(name, { mode: treeModes.tree, oid });
  }
  for (const [name, oid] of folder.files) tree.set(name, { mode: treeModes.file, oid });
  const made = { type: "tree", bytes: formatTree(tree) };
  objects.push(made);
  return objectId(made, like);
}

function commitBytes(commit: NewCommit, tree: string): Uint8Array {
  const { author, atSeconds, message, merge = [] } = commit;
  const parents = [commit.from, ...merge].map((parent) => `parent ${parent}\n`).join("");
  const who = `${author} ${atSeconds} +0000`;
  const head = `tree ${tree}\n${parents}author ${who}\ncommitter ${who}\n`;
  return Buffer.from(`${head}\n${message}`, "utf8");
}
