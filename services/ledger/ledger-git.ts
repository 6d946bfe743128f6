import { existsSync } from "node:fs";
import { ensureClone } from "#services/git/bare-clone.ts";
import { fetchAll } from "#services/git/fetch-remote.ts";
import { inTurn } from "#services/git/in-turn.ts";
import { type ObjectReader, withReader } from "#services/git/object-reader.ts";
import { findRef } from "#services/git/ref-files.ts";
import { runGit } from "#services/git/run-git.ts";
import { withTrailers } from "#services/git/trailers.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import {
  type Blob,
  changedBlobs,
  eventFolder,
  type FetchedLines,
  readBlobs,
} from "./event-blobs.ts";
import type { Fence } from "./fence.ts";
import { findRewound, noteTips, type Rewound, readTips, type Tips } from "./noted-tips.ts";
import {
  commitFiles,
  type Held,
  heldAt,
  type Load,
  newSegments,
  type Outgoing,
} from "./outgoing.ts";

/** What one look at the remote brought. */
export type Fetched = {
  readonly lines: readonly FetchedLines[];
  /** Branches that went back since they were last seen here, also by an earlier process. */
  readonly rewound: readonly Rewound[];
};

/** The ledger's repository as one writer uses it: its own branch out, everyone's branches in. */
export type LedgerGit = {
  /**
   * Bring what is new at the remote; with `whole`, all that is there, if anything changed since
   * that was last asked for. Throws `unavailable` when the remote does not answer.
   */
  readonly fetch: (signal: AbortSignal, options?: { whole?: boolean }) => Promise<Fetched>;
  /**
   * Push the durable bytes of our segments that the remote has not, with `more` beside them.
   * Resolves to false when there was nothing to push.
   */
  readonly push: (outgoing: Outgoing, signal: AbortSignal) => Promise<boolean>;
  /** By branch, the commit up to which its lines were returned by a look. */
  readonly seen: () => ReadonlyMap<string, string>;
  readonly dir: string;
};

export type LedgerGitOptions = {
  /** Our bare clone; made when it is missing. */
  readonly dir: string;
  readonly remote: string;
  /** `machines/<machine>`, or `main` for the town. */
  readonly branch: string | (() => string);
  /** The folder of our events below `.beads/events`. */
  readonly machine: string;
  readonly fence?: Fence;
  /** Whether this process keeps the clone, and so notes where the branches stand. */
  readonly isKeeper?: boolean;
  readonly timeoutMs?: number;
  /** What an earlier process had from `seen`: the branches that stand there still are not read. */
  readonly seen?: ReadonlyMap<string, string>;
};

const pushTries = 5;

/** One look at the remote, and where our pushes had left the branches when it began. */
type Look = { readonly ours: Tips; readonly whole: boolean; readonly signal: AbortSignal };

/** Open the ledger's repository. Nothing is asked of the remote before the first fetch or push. */
export function openLedgerGit(options: LedgerGitOptions): LedgerGit {
  return new Repository(options);
}

class Repository implements LedgerGit {
  readonly dir: string;
  readonly #options: LedgerGitOptions;
  readonly #timeoutMs: number;
  readonly #seen: Map<string, string>;
  /** What was seen by an earlier process may be in no clone any more, until that was looked at. */
  #isSeenProved = false;
  /** By branch, where our own last push left it at the remote. */
  readonly #tips = new Map<string, string>();
  /** By branch, where our last push had left it when another was refused. */
  readonly #refused = new Map<string, string>();
  /** What our branch has of our segments at `base`. */
  #pushed: { base: string; held: Held } | undefined;
  /** Segments of ours of which that was told. */
  readonly #altered = new Set<string>();
  /** The branches as they were when everything was read for the last time. */
  #whole = "";
  #cloning: Promise<void> | undefined;
  #pointed: Promise<void> | undefined;

  constructor(options: LedgerGitOptions) {
    this.dir = options.dir;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#seen = new Map(options.seen);
  }

  seen(): ReadonlyMap<string, string> {
    return this.#seen;
  }

  fetch(signal: AbortSignal, { whole = false } = {}): Promise<Fetched> {
    return inTurn(`${this.dir} look`, () => this.#fetch(signal, whole));
  }

  async #fetch(signal: AbortSignal, whole: boolean): Promise<Fetched> {
    await this.#ensure(signal);
    const ours = new Map([...this.#tips, ...this.#refused]);
    await fetchAll({ repoDir: this.dir, signal, timeoutMs: this.#timeoutMs });
    const limits = { signal, timeoutMs: this.#timeoutMs };
    return withReader(this.dir, limits, (reader) => this.#readNew(reader, { ours, whole, signal }));
  }

  async #readNew(reader: ObjectReader, look: Look): Promise<Fetched> {
    const { ours, whole, signal } = look;
    const { tips, noted } = await readTips(this.dir, signal);
    const rewound = await this.#rewound(reader, { tips, noted, ours });
    if (!this.#isSeenProved) await this.#proveSeen(reader, tips);
    const names = JSON.stringify([...tips]);
    // Who went back may have taken events along that only `main` has, and the other way round.
    if (rewound.length > 0 || (whole && names !== this.#whole)) this.#seen.clear();
    const blobs: Blob[] = [];
    for (const [name, oid] of tips) {
      const old = this.#seen.get(name);
      if (old === oid) continue;
      const within = eventFolder(name, old === undefined);
      if (within !== undefined) blobs.push(...(await changedBlobs(reader, old, oid, within)));
    }
    if (this.#seen.size === 0) this.#whole = names;
    const lines = await readBlobs(reader, blobs);
    // Before they are called seen: where this fails, nobody gets these lines; the next look does.
    if (this.#options.isKeeper) await noteTips(this.dir, { noted, tips, rewound });
    for (const [name, oid] of tips) this.#seen.set(name, oid);
    for (const [name, oid] of ours) {
      if (this.#refused.get(name) === oid) this.#refused.delete(name);
      // A push of ours that ended meanwhile knows better.
      if (this.#tips.get(name) === oid) this.#tips.delete(name);
    }
    return { lines, rewound };
  }

  async #proveSeen(reader: ObjectReader, tips: Tips): Promise<void> {
    for (const [name, old] of [...this.#seen]) {
      if (old === tips.get(name)) continue;
      const read = await reader.readCommit(old).catch((error) => {
        if (!isTownError(error, "not_found", "invalid")) throw error;
      });
      if (read === undefined) this.#seen.delete(name);
    }
    this.#isSeenProved = true;
  }

  push(outgoing: Outgoing, signal: AbortSignal): Promise<boolean> {
    return inTurn(`${this.dir} push`, async () => {
      await this.#ensure(signal);
      for (let attempt = 1; ; attempt += 1) {
        try {
          let state = await this.#pushOnce(outgoing, signal);
          const isSome = state !== "nothing";
          while (state === "full") state = await this.#pushOnce(outgoing, signal);
          return isSome;
        } catch (error) {
          if (attempt >= pushTries || !(await this.#canMend(error, signal))) throw error;
        }
      }
    });
  }

  /** Whether a push that was refused is worth another try, on top of what is there now. */
  async #canMend(error: unknown, signal: AbortSignal): Promise<boolean> {
    const { fence } = this.#options;
    const isStale = isTownError(error, "stale");
    if (!isStale && !(fence && isTownError(error, "denied"))) return false;
    // Somebody else moved our branch (a clone of this machine, a person): stand on theirs.
    const branch = this.#branch();
    const tip = this.#tips.get(branch);
    if (tip !== undefined) this.#refused.set(branch, tip);
    this.#tips.delete(branch);
    await fetchAll({ repoDir: this.dir, signal, timeoutMs: this.#timeoutMs });
    return fence ? fence.refused(error, signal) : isStale;
  }

  async #pushOnce(outgoing: Outgoing, signal: AbortSignal): Promise<"nothing" | "full" | "done"> {
    const { machine, fence } = this.#options;
    const branch = this.#branch();
    const base = await this.#tip(branch);
    const addition = await outgoing.more?.(base, signal);
    if (base === undefined || this.#pushed?.base !== base) {
      this.#pushed = { base: base ?? "", held: await this.#held(branch, base) };
    }
    const { files: own, held, isFull } = await this.#load(outgoing, this.#pushed.held, signal);
    const files = [...(addition?.files ?? []), ...own];
    this.#pushed = { ...this.#pushed, held: files.length === 0 ? held : this.#pushed.held };
    if (files.length === 0) return "nothing";
    const merge = addition?.merge ?? [];
    const message = withTrailers(outgoing.message, (await fence?.trailers(base, signal)) ?? {});
    const commit = await commitFiles(this.dir, { base, files, merge, machine, message });
    await this.#send({ commit, branch, base }, signal);
    this.#pushed = { base: commit, held };
    // What stood there before us has been read only if we have not had to go around a stranger.
    if (base !== undefined && this.#seen.get(branch) === base) this.#seen.set(branch, commit);
    this.#tips.set(branch, commit);
    addition?.pushed?.(commit);
    return isFull ? "full" : "done";
  }

  async #load(outgoing: Outgoing, before: Held, signal: AbortSignal): Promise<Load> {
    const limits = { signal, timeoutMs: this.#timeoutMs };
    const load = await withReader(this.dir, limits, (reader) => {
      return newSegments(outgoing, this.#options.machine, before, reader);
    });
    for (const segment of load.altered) {
      if (!this.#altered.has(segment)) outgoing.altered?.(segment);
      this.#altered.add(segment);
    }
    return load;
  }

  /** With leases, so that a branch that went back is noticed and not just pushed forward again. */
  async #send(
    sent: { readonly commit: string; readonly branch: string; readonly base: string | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const { fence } = this.#options;
    const { commit, branch, base = "" } = sent;
    const ref = `refs/heads/${branch}`;
    const link = await fence?.link(commit, signal);
    const leases = [`--force-with-lease=${ref}:${base}`];
    const specs = [`${commit}:${ref}`];
    if (link) {
      leases.push(`--force-with-lease=${link.ref}:${link.from}`, "--atomic");
      specs.push(`${link.to}:${link.ref}`);
    }
    const run = { cwd: this.dir, signal, timeoutMs: this.#timeoutMs };
    await runGit(["push", "--quiet", ...leases, "origin", ...specs], run);
    fence?.pushed(link);
  }

  /** What of our segments need not be pushed to a branch. */
  async #held(branch: string, base: string | undefined): Promise<Held> {
    const { machine } = this.#options;
    const own = await heldAt(this.dir, base, machine);
    if (!branch.startsWith("towns/")) return own;
    // A deposed town leaves there what did not get to `main` any more.
    return new Map([...(await heldAt(this.dir, await this.#tip("main"), machine)), ...own]);
  }

  /** Where a branch stands at the remote, as last heard. */
  async #tip(of: string): Promise<string | undefined> {
    return this.#tips.get(of) ?? findRef(this.dir, `refs/remotes/origin/${of}`);
  }

  #branch(): string {
    const { branch } = this.#options;
    return typeof branch === "string" ? branch : branch();
  }

  /** Branches that lack what was noted of them, or what our own pushes are known to have left. */
  async #rewound(
    reader: ObjectReader,
    { tips, noted, ours }: { tips: Tips; noted: Tips; ours: Tips },
  ): Promise<Rewound[]> {
    if (!this.#options.isKeeper) return [];
    return findRewound(this.dir, reader, { noted: new Map([...noted, ...ours]), tips });
  }

  async #ensure(signal: AbortSignal): Promise<void> {
    const { remote } = this.#options;
    if (existsSync(this.dir)) {
      // The ledger may have moved since this clone was made: the settings know where it is now.
      const args = ["config", "remote.origin.url", remote];
      if (remote !== "") this.#pointed ??= runGit(args, { cwd: this.dir }).then(() => {});
      await this.#pointed;
      return;
    }
    const limits = { signal, timeoutMs: this.#timeoutMs };
    this.#cloning ??= ensureClone(remote, this.dir, limits).finally(() => {
      this.#cloning = undefined;
    });
    await this.#cloning;
  }
}
