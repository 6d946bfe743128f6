import { trackingRef } from "#services/git/fetch-remote.ts";
import { newTurns } from "#services/git/in-turn.ts";
import type { MemoryDisk } from "#services/git/memory/disk.ts";
import { isWithin } from "#services/git/memory/history.ts";
import type { MemoryGit } from "#services/git/memory/memory-git.ts";
import { type Commit, makeCommit } from "#services/git/memory/objects.ts";
import { withTrailers } from "#services/git/trailers.ts";
import { eventFolder, eventsDir, type FetchedLines } from "#services/ledger/event-blobs.ts";
import type { Fence } from "#services/ledger/fence.ts";
import type { Fetched, LedgerGit } from "#services/ledger/ledger-git.ts";
import type { Rewound } from "#services/ledger/noted-tips.ts";
import { type Outgoing, ownDomain } from "#services/ledger/outgoing.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import {
  appended,
  ledgerTree,
  linesSince,
  type Segments,
  type SegmentText,
  segmentsIn,
} from "./ledger-tree.ts";

/** What the ledger's repository is opened with, as one process of a simulated machine has it. */
export type SimLedgerGitOptions = {
  readonly git: MemoryGit;
  readonly disk: MemoryDisk;
  readonly dir: string;
  readonly remote: string;
  /** `machines/<machine>`, or `main` for the town. */
  readonly branch: string | (() => string);
  readonly machine: string;
  readonly nowMs: () => number;
  /** Whose it is, for messages. */
  readonly turns: string;
  readonly fence?: Fence;
  readonly isKeeper?: boolean;
  readonly seen?: ReadonlyMap<string, string>;
  /** What a commit takes in of everyone's branches, and how often; nothing without it. */
  readonly graftMs?: number;
};

type Tips = ReadonlyMap<string, string>;

/**
 * Turns are taken under the name of the clone, by all of this process: who died in the middle of
 * one holds it for good, also against the same machine of a later run.
 */
let opened = 0;

const pushTries = 5;
const timeoutMs = 30_000;
const notedRefs = "refs/gastown-noted/";
const originRefs = "refs/remotes/origin/";

/** The ledger's repository over a git in memory: `openLedgerGit` without files and processes. */
export function openSimLedgerGit(options: SimLedgerGitOptions): LedgerGit {
  return new SimRepository(options);
}

class SimRepository implements LedgerGit {
  readonly dir: string;
  readonly #options: SimLedgerGitOptions;
  readonly #turns = newTurns();
  readonly #seen: Map<string, string>;
  readonly #tips = new Map<string, string>();
  readonly #refused = new Map<string, string>();
  #whole = "";
  #graftedMs = Number.NEGATIVE_INFINITY;

  constructor(options: SimLedgerGitOptions) {
    opened += 1;
    this.dir = `${options.dir} of ${options.turns}, ${opened}`;
    this.#options = options;
    this.#seen = new Map(options.seen);
  }

  seen(): ReadonlyMap<string, string> {
    return this.#seen;
  }

  fetch(signal: AbortSignal, { whole = false } = {}): Promise<Fetched> {
    return this.#turns("look", async () => {
      await this.#ensure(signal);
      const ours = new Map([...this.#tips, ...this.#refused]);
      await this.#fetchAll(signal);
      return this.#readNew(ours, whole);
    });
  }

  #readNew(ours: Tips, whole: boolean): Fetched {
    const { refs } = this.#clone();
    const tips = below(refs, originRefs);
    const noted = below(refs, notedRefs);
    const rewound = this.#rewound(new Map([...noted, ...ours]), tips);
    for (const [name, oid] of [...this.#seen]) {
      if (oid !== tips.get(name) && !this.#commit(oid)) this.#seen.delete(name);
    }
    const names = JSON.stringify([...tips]);
    if (rewound.length > 0 || (whole && names !== this.#whole)) this.#seen.clear();
    const lines = [...tips].flatMap(([name, oid]) => this.#linesOf(name, oid));
    if (this.#seen.size === 0) this.#whole = names;
    if (this.#options.isKeeper) this.#note(tips, noted);
    for (const [name, oid] of tips) this.#seen.set(name, oid);
    for (const [name, oid] of ours) {
      if (this.#refused.get(name) === oid) this.#refused.delete(name);
      if (this.#tips.get(name) === oid) this.#tips.delete(name);
    }
    return { lines, rewound };
  }

  /** What a branch is the first to have, of what was not seen of it yet. */
  #linesOf(branch: string, oid: string): FetchedLines[] {
    const old = this.#seen.get(branch);
    const within = eventFolder(branch, old === undefined);
    if (old === oid || within === undefined) return [];
    const had = segmentsIn(old === undefined ? undefined : this.#commit(old)?.tree);
    const found: FetchedLines[] = [];
    for (const [path, segment] of segmentsIn(this.#commit(oid)?.tree)) {
      if (!path.startsWith(`${within}/`) || had.get(path)?.id === segment.id) continue;
      found.push({ source: path, lines: linesSince(segment, had.get(path)) });
    }
    return found;
  }

  #rewound(noted: Tips, tips: Tips): Rewound[] {
    if (!this.#options.isKeeper) return [];
    return [...noted].flatMap(([branch, from]) => {
      const to = tips.get(branch);
      if (to === from) return [];
      const [old, now] = [this.#commit(from), to === undefined ? undefined : this.#commit(to)];
      return old && now && isWithin(old, [now]) ? [] : [{ branch, from, to }];
    });
  }

  #note(tips: Tips, noted: Tips): void {
    const { refs } = this.#clone();
    for (const branch of noted.keys()) if (!tips.has(branch)) refs.delete(`${notedRefs}${branch}`);
    for (const [branch, oid] of tips) refs.set(`${notedRefs}${branch}`, oid);
  }

  push(outgoing: Outgoing, signal: AbortSignal): Promise<boolean> {
    return this.#turns("push", async () => {
      await this.#ensure(signal);
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#pushOnce(outgoing, signal);
        } catch (error) {
          if (attempt >= pushTries || !(await this.#canMend(error, signal))) throw error;
        }
      }
    });
  }

  async #canMend(error: unknown, signal: AbortSignal): Promise<boolean> {
    const { fence } = this.#options;
    const isStale = isTownError(error, "stale");
    if (!isStale && !(fence && isTownError(error, "denied"))) return false;
    const branch = this.#branch();
    const tip = this.#tips.get(branch);
    if (tip !== undefined) this.#refused.set(branch, tip);
    this.#tips.delete(branch);
    await this.#fetchAll(signal);
    return fence ? fence.refused(error, signal) : isStale;
  }

  async #pushOnce(outgoing: Outgoing, signal: AbortSignal): Promise<boolean> {
    const { fence } = this.#options;
    const branch = this.#branch();
    const base = this.#tip(branch);
    const graft = this.#graft(branch, base);
    const own = await this.#load(outgoing, branch, base);
    if (own.size === 0 && !graft) return false;
    const trailers = (await fence?.trailers(base, signal)) ?? {};
    const segments = segmentsIn(base === undefined ? undefined : this.#commit(base)?.tree);
    const all: Segments = new Map([...segments, ...(graft?.segments ?? []), ...own]);
    const parents = [...(base === undefined ? [] : [base]), ...(graft?.merge ?? [])];
    const commit = this.#make(all, parents, withTrailers(outgoing.message, trailers));
    await this.#send(commit.id, branch, base, signal);
    if (base !== undefined && this.#seen.get(branch) === base) this.#seen.set(branch, commit.id);
    this.#tips.set(branch, commit.id);
    if (graft) this.#graftedMs = this.#options.nowMs();
    return true;
  }

  async #send(
    commit: string,
    branch: string,
    base: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { git, dir, fence } = this.#options;
    const link = await fence?.link(commit, signal);
    const ref = `refs/heads/${branch}`;
    const updates = [
      { ref, to: commit, lease: base ?? "" },
      ...(link ? [{ ref: link.ref, to: link.to, lease: link.from }] : []),
    ];
    await git.push({ repoDir: dir, updates, atomic: link !== undefined, signal, timeoutMs });
    fence?.pushed(link);
  }

  /** Our segments that the branch has not, or not whole. */
  async #load(
    { segments, bytes }: Outgoing,
    branch: string,
    base: string | undefined,
  ): Promise<Map<string, SegmentText>> {
    const { machine } = this.#options;
    const onBranch = segmentsIn(base === undefined ? undefined : this.#commit(base)?.tree);
    const main = branch.startsWith("towns/") ? this.#tip("main") : undefined;
    const onMain = segmentsIn(main === undefined ? undefined : this.#commit(main)?.tree);
    const load = new Map<string, SegmentText>();
    for (const segment of segments()) {
      const path = `${eventsDir}/${machine}/${segment.incarnation}/${segment.name}`;
      const held = onBranch.get(path) ?? onMain.get(path);
      if (segment.durableBytes <= (held?.bytes ?? 0)) continue;
      const durable = await bytes(segment);
      load.set(path, appended(held, durable.subarray(held?.bytes ?? 0)));
    }
    return load;
  }

  /** Everyone's segments, as they stand on their branches, where it is time for that. */
  #graft(branch: string, base: string | undefined) {
    const { graftMs, nowMs } = this.#options;
    if (graftMs === undefined || branch !== "main") return undefined;
    if (nowMs() - this.#graftedMs < graftMs) return undefined;
    const here = base === undefined ? undefined : this.#commit(base);
    const had = segmentsIn(here?.tree);
    const segments = new Map<string, SegmentText>();
    const merge: string[] = [];
    for (const [name, oid] of below(this.#clone().refs, originRefs)) {
      const theirs = this.#commit(oid);
      if (name === "main" || !theirs || (here && isWithin(theirs, [here]))) continue;
      merge.push(oid);
      for (const [path, segment] of segmentsIn(theirs.tree)) {
        if ((had.get(path)?.bytes ?? -1) < segment.bytes) segments.set(path, segment);
      }
    }
    return merge.length > 0 ? { segments, merge } : undefined;
  }

  #make(segments: Segments, parents: readonly string[], message: string): Commit {
    const { machine, nowMs } = this.#options;
    const author = { name: machine, email: `${machine}@${ownDomain}` };
    const { commits } = this.#clone();
    const commit = makeCommit({
      tree: ledgerTree(segments),
      parents: parents.flatMap((oid) => commits.get(oid) ?? []),
      message,
      author,
      committer: author,
      timeSeconds: Math.floor(nowMs() / 1_000),
    });
    commits.set(commit.id, commit);
    return commit;
  }

  #tip(branch: string): string | undefined {
    return this.#tips.get(branch) ?? this.#clone().refs.get(trackingRef(`refs/heads/${branch}`));
  }

  #branch(): string {
    const { branch } = this.#options;
    return typeof branch === "string" ? branch : branch();
  }

  #commit(oid: string): Commit | undefined {
    return this.#clone().commits.get(oid);
  }

  #clone() {
    const { disk, dir } = this.#options;
    const clone = disk.clones.get(dir);
    if (!clone) throw new Error(`there is no clone at ${dir}`);
    return clone;
  }

  async #fetchAll(signal: AbortSignal): Promise<void> {
    await this.#options.git.fetchAll({ repoDir: this.#options.dir, signal, timeoutMs });
  }

  async #ensure(signal: AbortSignal): Promise<void> {
    const { git, disk, dir, remote } = this.#options;
    if (!disk.clones.has(dir)) await git.ensureClone(remote, dir, { signal, timeoutMs });
  }
}

/** Refs below a prefix, by what they are called there, in the order of their names. */
function below(refs: ReadonlyMap<string, string>, prefix: string): Map<string, string> {
  const found = [...refs].filter(([ref]) => ref.startsWith(prefix));
  return new Map(found.map(([ref, oid]) => [ref.slice(prefix.length), oid] as const).sort());
}
