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
export type Addition = {
  readonly files: readonly NewFile[];
  readonly merge: readonly string[];
  /** Told once it is at the remote; one that failed is asked for again. */
  readonly pushed?: () => void;
};

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
  return new Repository(options);
}

class Repository implements LedgerGit {
  readonly dir: string;
  readonly #options: LedgerGitOptions;
  readonly #timeoutMs: number;
  /** By branch, the commit up to which its lines were returned. */
  readonly #seen = new Map<string, string>();
  /** By branch, where it stands at the remote as far as we know; ours moves with our pushes. */
  readonly #tips = new Map<string, string>();
  /** The sizes of our segments on the branch at `base`. */
  #pushed: { base: string; sizes: Map<string, number> } | undefined;
  #cloning: Promise<void> | undefined;

  constructor(options: LedgerGitOptions) {
    this.dir = options.dir;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
  }

  async fetch(signal: AbortSignal): Promise<FetchedLines[]> {
    await this.#ensure(signal);
    await fetchAll({ repoDir: this.dir, signal, timeoutMs: this.#timeoutMs });
    const format = "%(refname:lstrip=3) %(objectname)";
    const args = ["for-each-ref", `--format=${format}`, "refs/remotes/origin"];
    const { stdout } = await runGit(args, { cwd: this.dir, signal });
    const tips = stdout.split("\n").flatMap((row) => {
      const [name, oid] = row.split(" ");
      return name && oid ? [{ name, oid }] : [];
    });
    const blobs: Blob[] = [];
    for (const { name, oid } of tips) {
      const old = this.#seen.get(name);
      if (old === oid) continue;
      const within = eventFolder(name, old === undefined);
      if (within !== undefined) blobs.push(...(await changedBlobs(this.dir, old, oid, within)));
    }
    const lines = await readBlobs(this.dir, blobs, signal);
    for (const { name, oid } of tips) {
      this.#seen.set(name, oid);
      this.#tips.set(name, oid);
    }
    return lines;
  }

  push(outgoing: Outgoing, signal: AbortSignal): Promise<boolean> {
    return inTurn(`${this.dir} push`, async () => {
      await this.#ensure(signal);
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#pushOnce(outgoing, signal);
        } catch (error) {
          // Somebody else moved our branch (a clone of this machine, a person): stand on theirs.
          if (!isTownError(error, "stale") || attempt >= pushTries) throw error;
          this.#tips.delete(this.#options.branch);
          await fetchAll({ repoDir: this.dir, signal, timeoutMs: this.#timeoutMs });
        }
      }
    });
  }

  async #pushOnce(outgoing: Outgoing, signal: AbortSignal): Promise<boolean> {
    const { branch, machine } = this.#options;
    const base = await this.#tip(branch);
    if (base === undefined || this.#pushed?.base !== base) {
      this.#pushed = { base: base ?? "", sizes: await remoteSizes(this.dir, base, machine) };
    }
    const { files, sizes } = await newSegments(outgoing, machine, this.#pushed.sizes);
    const addition = await outgoing.more?.(base);
    files.push(...(addition?.files ?? []));
    if (files.length === 0) return false;
    const merge = addition?.merge ?? [];
    const { message } = outgoing;
    const commit = await commitFiles(this.dir, { base, files, merge, machine, message });
    const args = ["push", "--quiet", "origin", `${commit}:refs/heads/${branch}`];
    await runGit(args, { cwd: this.dir, signal, timeoutMs: this.#timeoutMs });
    this.#pushed = { base: commit, sizes };
    // What stood there before us has been read only if we have not had to go around a stranger.
    if (base !== undefined && this.#seen.get(branch) === base) this.#seen.set(branch, commit);
    this.#tips.set(branch, commit);
    addition?.pushed?.();
    return true;
  }

  /** Where a branch stands at the remote, as last heard. */
  async #tip(of: string): Promise<string | undefined> {
    const known = this.#tips.get(of);
    if (known !== undefined) return known;
    const ref = `refs/remotes/origin/${of}`;
    const run = { cwd: this.dir, okCodes: [0, 1] };
    const { stdout } = await runGit(["rev-parse", "--verify", "--quiet", ref], run);
    return stdout.trim() || undefined;
  }

  async #ensure(signal: AbortSignal): Promise<void> {
    if (existsSync(this.dir)) return;
    const limits = { signal, timeoutMs: this.#timeoutMs };
    this.#cloning ??= ensureClone(this.#options.remote, this.dir, limits).finally(() => {
      this.#cloning = undefined;
    });
    await this.#cloning;
  }
}

/** Our segments that the branch has not, or not whole. */
async function newSegments(
  outgoing: Outgoing,
  machine: string,
  pushed: ReadonlyMap<string, number>,
): Promise<{ files: NewFile[]; sizes: Map<string, number> }> {
  const files: NewFile[] = [];
  const sizes = new Map(pushed);
  for (const segment of outgoing.segments) {
    const path = `${eventsDir}/${machine}/${segment.incarnation}/${segment.name}`;
    // A restored disk may have less of an earlier incarnation than was pushed: that much is kept.
    if (segment.durableBytes <= (sizes.get(path) ?? 0)) continue;
    files.push({ path, bytes: await outgoing.bytes(segment) });
    sizes.set(path, segment.durableBytes);
  }
  return { files, sizes };
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
