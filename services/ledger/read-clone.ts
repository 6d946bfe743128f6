import { withReader } from "#services/git/object-reader.ts";
import { runGit } from "#services/git/run-git.ts";
import { type Blob, changedBlobs, eventFolder, readBlobs } from "./event-blobs.ts";
import type { SegmentText } from "./verify.ts";

const tracking = "refs/remotes/origin/";
const heads = "refs/heads/";

/**
 * Read the segments in a bare repository of the ledger as it stands on the disk; its remote is not
 * asked. Each is named `<dir>:<ref>:<path>`, which git itself understands behind the colon.
 */
export async function readClone(dir: string, signal?: AbortSignal): Promise<SegmentText[]> {
  const args = [
    "--git-dir=.",
    "for-each-ref",
    "--format=%(objectname) %(refname)",
    heads,
    tracking,
  ];
  const { stdout } = await runGit(args, { cwd: dir, signal });
  const rows = stdout.split("\n").filter((row) => row !== "");
  const branches = rows.map((row) => branchOf(row)).sort(ownFirst);
  const read = await withReader(dir, { signal }, async (reader) => {
    const blobs: Blob[] = [];
    const known = new Set<string>();
    for (const { oid, ref, branch } of branches) {
      const within = eventFolder(branch, true);
      if (within === undefined) continue;
      for (const blob of await changedBlobs(reader, undefined, oid, within)) {
        if (known.has(`${blob.oid} ${blob.path}`)) continue; // The hub has it on `main` too.
        known.add(`${blob.oid} ${blob.path}`);
        blobs.push({ oid: blob.oid, path: `${dir}:${ref}:${blob.path}` });
      }
    }
    return readBlobs(reader, blobs);
  });
  return read.map(({ source, lines }) => {
    const text = lines.map((line) => `${line}\n`).join("");
    return { path: source, incarnation: source.split("/").at(-2) ?? "", text };
  });
}

type Branch = { readonly oid: string; readonly ref: string; readonly branch: string };

function branchOf(row: string): Branch {
  const [oid = "", name = ""] = row.split(" ");
  if (name.startsWith(heads)) {
    const branch = name.slice(heads.length);
    return { oid, branch, ref: branch };
  }
  const branch = name.slice(tracking.length);
  return { oid, branch, ref: `origin/${branch}` };
}

/** A writer's own branch is newer than what the hub has put of it on `main`. */
function ownFirst(a: Branch, b: Branch): number {
  return Number(a.branch === "main") - Number(b.branch === "main");
}
