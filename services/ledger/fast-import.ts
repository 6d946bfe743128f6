/** A file, new or with a content that the repository has already, at a path of the new commit. */
export type NewFile =
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly blob: string };

/** One commit for `git fast-import`: neither an index nor a work tree is touched. */
export type NewCommit = {
  /** The parent, or undefined for a root commit. */
  readonly from: string | undefined;
  /** Further parents. */
  readonly merge?: readonly string[];
  readonly author: string;
  readonly atSeconds: number;
  readonly message: string;
  readonly files: readonly NewFile[];
};

/** The ref under which fast-import leaves the commit; nothing reads it. */
const scratchRef = "refs/gastown/outgoing";

/**
 * The input of `git fast-import --quiet --force`, which then prints the new commit's id.
 *
 * @see https://git-scm.com/docs/git-fast-import, "get-mark"
 */
export function importStream(commit: NewCommit): Uint8Array {
  const chunks: Uint8Array[] = [];
  const text = (line: string) => chunks.push(Buffer.from(line, "utf8"));
  const data = (bytes: Uint8Array) => {
    text(`data ${bytes.length}\n`);
    chunks.push(bytes);
    text("\n");
  };
  // A scratch ref from an earlier run must not become the parent of a root commit.
  text(`reset ${scratchRef}\n`);
  if (commit.from !== undefined) text(`from ${commit.from}\n`);
  text(`\ncommit ${scratchRef}\nmark :1\n`);
  text(`committer ${commit.author} ${commit.atSeconds} +0000\n`);
  data(Buffer.from(commit.message, "utf8"));
  if (commit.from !== undefined) text(`from ${commit.from}\n`);
  for (const other of commit.merge ?? []) text(`merge ${other}\n`);
  for (const file of commit.files) {
    if ("blob" in file) {
      text(`M 100644 ${file.blob} ${quotePath(file.path)}\n`);
    } else {
      text(`M 100644 inline ${quotePath(file.path)}\n`);
      data(file.bytes);
    }
  }
  text("\nget-mark :1\n");
  return Buffer.concat(chunks);
}

function quotePath(path: string): string {
  return /^["\n]|["\\\n]/.test(path) ? JSON.stringify(path) : path;
}
