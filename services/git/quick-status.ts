import { runGit } from "./run-git.ts";

/** What one `git status` says of a worktree. */
export type QuickStatus = {
  /** The commit it stands on. */
  readonly head: string;
  /** Without `refs/heads/`; undefined when detached. */
  readonly branch: string | undefined;
  /** Paths with changes that no commit has; an untracked folder is one path. */
  readonly dirty: string[];
};

/** Commit, branch and changes of a worktree, by a single git. */
export async function quickStatus(path: string): Promise<QuickStatus> {
  const args = ["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z"];
  const { stdout } = await runGit(args, { cwd: path, timeoutMs: 300_000 });
  return readStatus(stdout);
}

/**
 * Read `git status --porcelain=v2 --branch -z`.
 *
 * @see https://git-scm.com/docs/git-status, "Porcelain Format Version 2"
 */
export function readStatus(output: string): QuickStatus {
  let head = "";
  let branch: string | undefined;
  const dirty: string[] = [];
  const rows = output.split("\0");
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] ?? "";
    if (row.startsWith("# branch.oid ")) head = row.slice(13);
    else if (row.startsWith("# branch.head ")) branch = row.slice(14);
    else if (row.startsWith("? ")) dirty.push(row.slice(2));
    else if (row.startsWith("1 ")) dirty.push(afterFields(row, 8));
    else if (row.startsWith("u ")) dirty.push(afterFields(row, 10));
    else if (row.startsWith("2 ")) {
      dirty.push(afterFields(row, 9));
      index += 1; // The former name follows by itself.
    }
  }
  return { head, branch: branch === "(detached)" ? undefined : branch, dirty };
}

/** What follows after `count` fields with one space behind each: a path, spaces and all. */
function afterFields(row: string, count: number): string {
  let at = 0;
  for (let field = 0; field < count; field += 1) at = row.indexOf(" ", at) + 1;
  return row.slice(at);
}
