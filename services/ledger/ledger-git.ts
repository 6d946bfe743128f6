import { existsSync } from "node:fs";
import { ensureClone } from "#services/git/bare-clone.ts";
import { fetchAll } from "#services/git/fetch-remote.ts";
import { inTurn } from "#services/git/in-turn.ts";
import { runGit, runGitBytes } from "#services/git/run-git.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { importStream, type NewFile } from "./fast-import.ts";
import { type Segment, splitLines } from "./journal.ts";

/** Where events stand in the ledger repository. */
export const eventsDir = ".beads/events";

/** Lines that git brought, and where they stood. */
export type FetchedLines = { readonly source: string; readonly lines: readonly string[] };

/** The ledger's repository as one writer uses it: its own branch out, everyone's branches in. */
export type LedgerGit = {
  /** Bring what is new at the remote. Throws `unavailable` when it does not answer. */
  readonly fetch: (signal: AbortSignal) => Promise<readonly FetchedLines[]>;
  /**
   * Push the durable bytes of our segments that the remote has not, with `files` beside them.
   * Resolves to false when there was nothing to push.
   */
  readonly push: (outgoing: Outgoing, signal: AbortSignal) => Promise<boolean>;
  /** The remote's tip of a branch as last seen. */
  readonly tip: (branch: string) => Promise<string | undefined>;
  readonly dir: string;
};

/** What one push carries. */
export type Outgoing = {
  readonly segments: readonly Segment[];
  readonly bytes: (segment: Segment) => Promise<Uint8Array>;
  /** Further files, grafted trees and parents, made against the base that they will stand on. */
  readonly more?: (base: string | undefined) => Promise<Addition>;
  readonly message: string;
};

/** What stands beside a writer's events in one commit. */
export type Addition = { readonly files: readonly NewFile[]; readonly merge: readonly string[] };

export type LedgerGitOptions = {
  /** Our bare clone; made when it is missing. */
  readonly dir: string;
  readonly remote: string;
  /** `machines/<machine>`, or `main` for the town. */
  readonly branch: string;
  /** The folder of our events below `.beads/events`. */
  readonly machine: string;
  readonly timeoutMs?: number;
};

const pushTries = 5;

/** Open the ledger's repository. Nothing is asked of the remote before the first fetch or push. */
export function openLedgerGit(options: LedgerGitOptions): LedgerGit {
  const { dir, remote, branch, machine, timeoutMs = 30_000 } = options;
  /** By branch, the commit up to which its lines were returned. */
  const seen = new Map<string, string>();
  /** By branch, where it stands at the remote as far as we know; ours moves with our pushes. */
  const tips = new Map<string, string>();
  let pushed: { base: string; sizes: Map<string, number> } | undefined;

  let cloning: Promise<void> | undefined;
  const ensure = async (signal: AbortSignal): Promise<void> => {
    if (existsSync(dir)) return;
    cloning ??= ensureClone(remote, dir, { signal, timeoutMs }).finally(() => {
      cloning = undefined;
    });
    await cloning;
  };
  const tip = async (of: string): Promise<string | undefined> => {
    const known = tips.get(of);
    if (known !== undefined) return known;
    const ref = `refs/remotes/origin/${of}`;
    const run = { cwd: dir, okCodes: [0, 1] };
    const { stdout } = await runGit(["rev-parse", "--verify", "--quiet", ref], run);
    return stdout.trim() || undefined;
  };
  const fetch = async (signal: AbortSignal): Promise<FetchedLines[]> => {
    await ensure(signal);
    await fetchAll({ repoDir: dir, signal, timeoutMs });
    const format = "%(refname:lstrip=3) %(objectname)";
    const { stdout } = await runGit(["for-each-ref", `--format=${format}`, "refs/remotes/origin"], {
      cwd: dir,
      signal,
    });
    const blobs: Blob[] = [];
    const rows = stdout.split("\n").filter((row) => row !== "");
    for (const row of rows) {
      const [name = "", oid = ""] = row.split(" ");
      const old = seen.get(name);
      if (old === oid) continue;
      const within = eventFolder(name, old === undefined);
      if (within !== undefined) blobs.push(...(await changedBlobs(dir, old, oid, within)));
    }
    const lines = await readBlobs(dir, blobs, signal);
    for (const row of rows) {
      const [name = "", oid = ""] = row.split(" ");
      seen.set(name, oid);
      tips.set(name, oid);
    }
    return lines;
  };
  const pushOnce = async (outgoing: Outgoing, signal: AbortSignal): Promise<boolean> => {
    const base = await tip(branch);
    if (base === undefined || pushed?.base !== base) {
      pushed = { base: base ?? "", sizes: await remoteSizes(dir, base, machine) };
    }
    const files: NewFile[] = [];
    const sizes = new Map(pushed.sizes);
    for (const segment of outgoing.segments) {
      const path = `${eventsDir}/${machine}/${segment.incarnation}/${segment.name}`;
      if (segment.durableBytes === 0 || sizes.get(path) === segment.durableBytes) continue;
      files.push({ path, bytes: await outgoing.bytes(segment) });
      sizes.set(path, segment.durableBytes);
    }
    const addition = await outgoing.more?.(base);
    files.push(...(addition?.files ?? []));
    if (files.length === 0) return false;
    const merge = addition?.merge ?? [];
    const { message } = outgoing;
    const commit = await commitFiles(dir, { base, files, merge, machine, message });
    const refspec = `${commit}:refs/heads/${branch}`;
    await runGit(["push", "--quiet", "origin", refspec], { cwd: dir, signal, timeoutMs });
    pushed = { base: commit, sizes };
    // What stood there before us has been read only if we have not had to go around a stranger.
    if (base !== undefined && seen.get(branch) === base) seen.set(branch, commit);
    tips.set(branch, commit);
    return true;
  };
  const push = (outgoing: Outgoing, signal: AbortSignal): Promise<boolean> => {
    return inTurn(`${dir} push`, () => pushUntilFirst(outgoing, signal));
  };
  const pushUntilFirst = async (outgoing: Outgoing, signal: AbortSignal): Promise<boolean> => {
    await ensure(signal);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await pushOnce(outgoing, signal);
      } catch (error) {
        // Somebody else moved our branch (a clone of this machine, a person): stand on theirs.
        if (!isTownError(error, "stale") || attempt >= pushTries) throw error;
        tips.delete(branch);
        await fetchAll({ repoDir: dir, signal, timeoutMs });
      }
    }
  };
  return { fetch, push, tip, dir };
}

type Blob = { readonly oid: string; readonly path: string };

/** Where a branch's own events are; all of them where `main` is read for the first time. */
function eventFolder(branch: string, first: boolean): string | undefined {
  if (branch === "main") return first ? eventsDir : `${eventsDir}/town`;
  const machine = /^machines\/([a-z][a-z0-9-]{0,31})$/.exec(branch)?.[1];
  return machine === undefined ? undefined : `${eventsDir}/${machine}`;
}

async function changedBlobs(
  dir: string,
  old: string | undefined,
  oid: string,
  within: string,
): Promise<Blob[]> {
  const from =
    old === undefined
      ? ["ls-tree", "-r", "-z", oid, "--", `${within}/`]
      : ["diff-tree", "-r", "-z", "--no-renames", "--diff-filter=AM", old, oid, "--", `${within}/`];
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

async function readBlobs(
  dir: string,
  blobs: readonly Blob[],
  signal: AbortSignal,
): Promise<FetchedLines[]> {
  const wanted = blobs.filter(({ path }) => path.endsWith(".jsonl"));
  if (wanted.length === 0) return [];
  const input = wanted.map(({ oid }) => `${oid}\n`).join("");
  const run = { cwd: dir, input, signal };
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

async function remoteSizes(
  dir: string,
  base: string | undefined,
  machine: string,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  if (base === undefined) return sizes;
  const args = ["ls-tree", "-r", "-l", "-z", base, "--", `${eventsDir}/${machine}/`];
  const { stdout } = await runGit(args, { cwd: dir });
  for (const row of stdout.split("\0")) {
    const [meta = "", path] = row.split("\t");
    if (path !== undefined) sizes.set(path, Number(meta.trim().split(/\s+/)[3]));
  }
  return sizes;
}

async function commitFiles(
  dir: string,
  commit: {
    readonly base: string | undefined;
    readonly files: readonly NewFile[];
    readonly merge: readonly string[];
    readonly machine: string;
    readonly message: string;
  },
): Promise<string> {
  const input = importStream({
    from: commit.base,
    merge: commit.merge,
    author: `${commit.machine} <${commit.machine}@gastown.invalid>`,
    atSeconds: Math.floor(Date.now() / 1000),
    message: commit.message,
    files: commit.files,
  });
  const run = { cwd: dir, input };
  const { stdout } = await runGit(["fast-import", "--quiet", "--force"], run);
  return stdout.trim();
}
