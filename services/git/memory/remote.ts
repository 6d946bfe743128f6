import { TownError } from "#services/rpc/town-error.ts";
import type { RefUpdate } from "../git.ts";
import { gitAdvice, gitFailure } from "../git-failure.ts";
import { faultWords, type RemoteHooks, type RemoteOp } from "./faults.ts";
import { isWithin } from "./history.ts";
import { type Judged, judgePush } from "./judge-push.ts";
import { type Changes, type Commit, changed, makeCommit, noFiles } from "./objects.ts";

/** One move of a ref, for whoever judges a run. */
export type RefMove = {
  readonly ref: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly atMs: number;
  /** The machine that pushed, `human`, or what else the run did: `backup`, `deleted`, `rewound`. */
  readonly by: string;
  /** No fast-forward: something that was there is not in its history any more. */
  readonly isForced: boolean;
};

/** Everything that a remote keeps, as a backup has it. */
export type RemoteSnapshot = {
  readonly refs: ReadonlyMap<string, Commit>;
  readonly commits: ReadonlyMap<string, Commit>;
};

/** Who asks, what it has, and how long it waits. */
export type Asker = {
  readonly who: string;
  readonly commits: ReadonlyMap<string, Commit>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
};

const human = { name: "Some Body", email: "some@body.invalid" };
const timeoutMsDefault = 60_000;

/** A remote that is kept in memory and does what git's does, faults included. */
export class MemoryRemote {
  readonly url: string;
  /** May be changed at any time. */
  hooks: RemoteHooks;
  /** With it a lease is no fence: a push with one moves the ref from wherever it is. */
  ignoresLeases = false;
  /** Whether it takes atomic pushes at all. */
  isAtomic = true;
  /** Whether it keeps anything but branches. */
  keepsCustomRefs = true;
  /** Every move of a ref, oldest first. */
  readonly reflog: RefMove[] = [];
  readonly #nowMs: () => number;
  #refs = new Map<string, Commit>();
  #commits = new Map<string, Commit>();

  constructor(wanted: { url: string; nowMs: () => number; files?: Changes; hooks?: RemoteHooks }) {
    this.url = wanted.url;
    this.hooks = wanted.hooks ?? {};
    this.#nowMs = wanted.nowMs;
    this.moveByHuman("main", wanted.files ?? { "README.md": "# scratch\n" });
  }

  /** Where a ref stands; a name without `refs/` is a branch. */
  ref(name: string): string | undefined {
    return this.#refs.get(fullName(name))?.id;
  }

  /** A commit that is kept here, by its id or by a ref that names it. */
  commit(name: string): Commit | undefined {
    return this.#commits.get(name) ?? this.#refs.get(fullName(name));
  }

  /** Every ref and what it names. */
  refs(): ReadonlyMap<string, Commit> {
    return this.#refs;
  }

  /** A backup. Cheap: what is in it is shared. */
  snapshot(): RemoteSnapshot {
    return { refs: new Map(this.#refs), commits: new Map(this.#commits) };
  }

  /** Bring a backup back, and nothing else. */
  restore(snapshot: RemoteSnapshot, by = "backup"): void {
    this.#commits = new Map(snapshot.commits);
    const names = new Set([...this.#refs.keys(), ...snapshot.refs.keys()]);
    for (const ref of [...names].sort()) this.#move(ref, snapshot.refs.get(ref), by);
  }

  /** Move a ref to a commit that is kept here, whatever was there: a rewind by force. */
  setRef(ref: string, commit: string, by = "rewound"): void {
    const to = this.#commits.get(commit);
    if (!to) throw new Error(`${this.url} has no commit ${commit}`);
    this.#move(fullName(ref), to, by);
  }

  deleteRef(ref: string, by = "deleted"): void {
    this.#move(fullName(ref), undefined, by);
  }

  /** Commit changes on a branch as a person would, and return the commit. */
  moveByHuman(branch: string, changes: Changes, from = branch): string {
    const below = this.#refs.get(fullName(from));
    const commit = makeCommit({
      tree: changed(below?.tree ?? noFiles, changes),
      parents: below ? [below] : [],
      message: below ? `work on ${branch}` : "begin",
      author: human,
      committer: human,
      timeSeconds: Math.floor(this.#nowMs() / 1_000),
    });
    this.#commits.set(commit.id, commit);
    this.#move(fullName(branch), commit, "human");
    return commit.id;
  }

  /**
   * The refs, once the remote answered.
   *
   * @throws TownError `unavailable`, `denied` or `cancelled`
   */
  async fetch(asker: Asker, shown: string): Promise<ReadonlyMap<string, Commit>> {
    const op = this.#op("fetch", [], asker);
    refuseAborted(op, shown);
    const fault = await this.hooks.before?.(op, asker.who);
    refuseAborted(op, shown);
    if (fault?.do === "refuse") throw gitError(shown, `remote: ${fault.why}\nfatal: Access denied`);
    if (fault) throw gitError(shown, faultWords.away);
    const answer = await this.hooks.after?.(op, asker.who);
    refuseAborted(op, shown);
    if (answer === "lost") throw gitError(shown, faultWords.lost);
    return this.#refs;
  }

  /**
   * Move refs; what git refuses is refused, in its words.
   *
   * @param moved told what the remote said that it moved, also where it refused the rest
   * @throws TownError as `runGit` does
   */
  async push(
    asker: Asker,
    wanted: { readonly updates: readonly RefUpdate[]; readonly atomic: boolean },
    shown: string,
    moved: (updates: readonly RefUpdate[]) => void,
  ): Promise<void> {
    const { who } = asker;
    const op = this.#op("push", wanted.updates, asker);
    refuseAborted(op, shown);
    const fault = await this.hooks.before?.(op, who);
    refuseAborted(op, shown);
    if (fault?.do === "away") throw gitError(shown, faultWords.away);
    if (wanted.atomic && !this.isAtomic) throw gitError(shown, faultWords.notAtomic);
    const judged = this.#judge(asker, wanted);
    checkSources(shown, judged);
    const fine = judged.filter(({ refusal }) => refusal === undefined);
    if (fault?.do === "late") {
      // The remote goes by what it told the one who pushed, who has gone by then.
      void fault.arrives.then(() => this.#arrive(fine, who, wanted.atomic));
      throw gitError(shown, faultWords.lost);
    }
    if (fault?.do === "refuse" && fine.length > 0) {
      throw gitError(shown, words(judged, `[remote rejected] (${fault.why})`));
    }
    const isKept = fault?.do === "tear" ? fault.isKept : () => true;
    const kept = fine.filter(({ update }) => isKept(update.ref));
    for (const each of kept) this.#accept(each, who);
    if (fault?.do === "tear") throw gitError(shown, faultWords.lost);
    const answer = await this.hooks.after?.(op, who);
    refuseAborted(op, shown);
    if (answer === "lost") throw gitError(shown, faultWords.lost);
    moved(kept.map(({ update }) => update));
    if (kept.length < judged.length) throw gitError(shown, words(judged));
  }

  #op(kind: RemoteOp["kind"], updates: readonly RefUpdate[], asker: Asker): RemoteOp {
    const { signal, timeoutMs = timeoutMsDefault } = asker;
    return { kind, remote: this.url, updates, signal, timeoutMs };
  }

  #judge(
    { commits }: Asker,
    wanted: { readonly updates: readonly RefUpdate[]; readonly atomic: boolean },
  ): Judged[] {
    const { ignoresLeases, keepsCustomRefs } = this;
    const remote = (ref: string) => this.#refs.get(ref);
    const local = (commit: string) => commits.get(commit);
    return judgePush({ ...wanted, ignoresLeases, keepsCustomRefs, remote, local });
  }

  #arrive(judged: readonly Judged[], who: string, atomic: boolean): void {
    const stands = judged.filter(({ update, from }) => this.ref(update.ref) === from?.id);
    if (atomic && stands.length < judged.length) return;
    for (const each of stands) this.#accept(each, who);
  }

  #accept({ update, to }: Judged, by: string): void {
    if (to) copyHistory(to, this.#commits);
    this.#move(update.ref, to, by);
  }

  #move(ref: string, to: Commit | undefined, by: string): void {
    const from = this.#refs.get(ref);
    if (from?.id === to?.id) return;
    if (to) this.#refs.set(ref, to);
    else this.#refs.delete(ref);
    const isForced = from !== undefined && (!to || !isWithin(from, [to]));
    this.reflog.push({ ref, from: from?.id, to: to?.id, atMs: this.#nowMs(), by, isForced });
  }
}

/** Add a commit with all of its history that is not there yet. */
export function copyHistory(commit: Commit, into: Map<string, Commit>): void {
  const open = [commit];
  for (let next = open.pop(); next; next = open.pop()) {
    if (into.has(next.id)) continue;
    into.set(next.id, next);
    for (const parent of next.parents) open.push(parent);
  }
}

/** The failure that git's words stand for. */
export function gitError(shown: string, said: string): TownError {
  const reason = gitFailure(said);
  const advice = gitAdvice(reason);
  return new TownError(reason, `${shown}: ${said}${advice && `; ${advice}`}`, {
    cause: new Error(said),
  });
}

function refuseAborted({ signal }: RemoteOp, shown: string): void {
  if (signal?.aborted) throw new TownError("cancelled", `${shown}: cancelled`);
}

/** What cannot be pushed at all fails before anything is sent. */
function checkSources(shown: string, judged: readonly Judged[]): void {
  for (const { update, to } of judged) {
    if (update.to !== undefined && !to) {
      throw gitError(shown, `error: src refspec ${update.to} does not match any`);
    }
  }
}

function words(judged: readonly Judged[], why?: string): string {
  const lines = judged.flatMap(({ update, refusal = why }) =>
    refusal === undefined ? [] : [` ! ${refusal} ${update.to ?? ""} -> ${update.ref}`],
  );
  return [...lines, "error: failed to push some refs"].join("\n");
}

function fullName(ref: string): string {
  return ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
}
