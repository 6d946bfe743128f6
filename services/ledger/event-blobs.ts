import { runGit, runGitBytes } from "#services/git/run-git.ts";
import { splitLines } from "./journal.ts";

/** Where events stand in the ledger repository. */
export const eventsDir = ".beads/events";

/** Lines that git brought, and where they stood. */
export type FetchedLines = { readonly source: string; readonly lines: readonly string[] };

/** One file of a commit. */
export type Blob = { readonly oid: string; readonly path: string };

/** How many segments one git reads out: what it prints is held in memory. */
const blobsPerRead = 256;
const readMaxBytes = 512 * 1024 * 1024;

/**
 * The folder of the events that a branch is the first to have; all of them where `main` is read
 * whole. Undefined for a branch that is none of ours.
 */
export function eventFolder(branch: string, whole: boolean): string | undefined {
  if (branch === "main") return whole ? eventsDir : `${eventsDir}/town`;
  if (/^towns\/[a-z0-9]{1,32}$/.test(branch)) return `${eventsDir}/town`;
  const machine = /^machines\/([a-z][a-z0-9-]{0,31})$/.exec(branch)?.[1];
  return machine === undefined ? undefined : `${eventsDir}/${machine}`;
}

/** The files below `within` that `oid` has and `old` has not, or has otherwise. */
export async function changedBlobs(
  dir: string,
  old: string | undefined,
  oid: string,
  within: string,
): Promise<Blob[]> {
  const from =
    old === undefined
      ? ["ls-tree", "-r", "-z", oid, "--", `${within}/`]
      : [
          "diff-tree",
          "-r",
          "-z",
          "--no-renames",
          "--diff-filter=AMT",
          old,
          oid,
          "--",
          `${within}/`,
        ];
  const { stdout } = await runGit(from, { cwd: dir });
  const parts = stdout.split("\0").filter((part) => part !== "");
  if (old === undefined) {
    return parts.map((part) => {
      const [meta = "", path = ""] = part.split("\t");
      return { oid: meta.split(" ")[2] ?? "", path };
    });
  }
  const blobs: Blob[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    blobs.push({ oid: (parts[index] ?? "").split(" ")[3] ?? "", path: parts[index + 1] ?? "" });
  }
  return blobs;
}

/** The lines of segments; the same bytes at two places are read once. */
export async function readBlobs(
  dir: string,
  blobs: readonly Blob[],
  signal: AbortSignal,
): Promise<FetchedLines[]> {
  const segments = new Map(
    blobs.filter(({ path }) => path.endsWith(".jsonl")).map((blob) => [blob.oid, blob]),
  );
  const wanted = [...segments.values()];
  const read: FetchedLines[] = [];
  for (let from = 0; from < wanted.length; from += blobsPerRead) {
    read.push(...(await readSome(dir, wanted.slice(from, from + blobsPerRead), signal)));
  }
  return read;
}

async function readSome(
  dir: string,
  wanted: readonly Blob[],
  signal: AbortSignal,
): Promise<FetchedLines[]> {
  const input = wanted.map(({ oid }) => `${oid}\n`).join("");
  const run = { cwd: dir, input, signal, outputMaxBytes: readMaxBytes };
  const { stdout } = await runGitBytes(["cat-file", "--batch"], run);
  let at = 0;
  return wanted.map(({ path }) => {
    const headerEnd = stdout.indexOf(0x0a, at);
    const size = Number(stdout.toString("latin1", at, headerEnd).split(" ")[2]);
    const bytes = stdout.subarray(headerEnd + 1, headerEnd + 1 + size);
    at = headerEnd + 1 + size + 1;
    return { source: path, lines: splitLines(bytes) };
  });
}
