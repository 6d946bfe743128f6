import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { runGit } from "#services/git/run-git.ts";
import { commitFiles, somebody, writeFiles } from "#services/git/scratch-remote.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { openLedgerGit } from "#services/ledger/ledger-git.ts";
import { type LedgerSync, runSync, type SyncPace } from "#services/ledger/sync.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { renderView, viewPath } from "./hub.ts";
import { type Hub, runHub } from "./run-hub.ts";

/** A process with a copy of the ledger, as tests drive it: it looks and pushes when it is told. */
export type Member = {
  readonly ledger: Ledger;
  readonly sync: LedgerSync;
  readonly hub: Hub | undefined;
  /** Look at the remote, and have everything folded that it has. */
  readonly fetch: () => Promise<void>;
  readonly push: () => Promise<void>;
  readonly view: () => string;
  readonly stop: () => Promise<void>;
};

/** A ledger's remote, a person with a clone of it, and members as they are needed. */
export type ScratchHub = AsyncDisposable & {
  readonly dir: string;
  readonly remote: string;
  readonly broker: ReturnType<typeof createMemoryBroker>;
  readonly failures: unknown[];
  readonly town: (home?: string) => Promise<Member>;
  readonly machine: (name: string, home?: string) => Promise<Member>;
  /** Run git in the person's clone, level with the remote before. */
  readonly person: (...args: string[]) => Promise<string>;
  /** Commit a new state of the view as a person, and push it. */
  readonly edit: (change: Change, date?: string) => Promise<string>;
  /** Change any file of a branch by a commit of the person; an empty result removes it. */
  readonly rewrite: (branch: string, path: string, change: Change) => Promise<void>;
  /** Merge a commit with a second one that changes the view of `base`, and push the merge. */
  readonly merge: (
    base: string,
    first: string,
    views: { readonly side: Change; readonly merged: Change },
  ) => Promise<string>;
};

/** A new state of the view from the old one. */
export type Change = (view: string) => string;

/** Nothing happens by itself but what the tests ask for. */
const pace: SyncPace = { pushMs: 0, fetchMs: 3_600_000, alonePollMs: 3_600_000, gapMs: 1 };

/** Make an empty ledger remote in a temp folder; it goes with its scope. */
export async function scratchHub({ timeoutMs = 30_000 } = {}): Promise<ScratchHub> {
  const dir = await mkdtemp(join(tmpdir(), "gt-hub-"));
  const remote = join(dir, "remote.git");
  const clone = join(dir, "person");
  await runGit(["init", "--quiet", "--bare", "--initial-branch=main", remote], { cwd: dir });
  await runGit(["clone", "--quiet", remote, clone], { cwd: dir });
  const shared: Shared = { dir, remote, broker: createMemoryBroker(), failures: [], timeoutMs };
  const members: Member[] = [];
  const open = async (name: string, home: string): Promise<Member> => {
    const member = await openMember(shared, name, home);
    members.push(member);
    return member;
  };
  const person = async (...args: string[]) => {
    await runGit(["fetch", "--quiet", "--prune", "origin"], { cwd: clone });
    return (await runGit(args, { cwd: clone })).stdout.trim();
  };
  return {
    ...shared,
    person,
    town: (home = "town") => open("town", home),
    machine: (name, home = name) => open(name, home),
    edit: async (change, date) => {
      for (let left = 9; ; left -= 1) {
        await person("checkout", "--quiet", "-f", "--detach", "origin/main");
        const commit = await commitView(clone, change, date === undefined ? {} : { date });
        try {
          await person("push", "--quiet", "origin", `${commit}:refs/heads/main`);
          return commit;
        } catch (error) {
          // A town pushed meanwhile: a person, too, does it again on top of that.
          if (!isTownError(error, "stale") || left === 0) throw error;
        }
      }
    },
    rewrite: async (branch, path, change) => {
      await person("checkout", "--quiet", "-f", "--detach", `origin/${branch}`);
      const text = await runGit(["show", `HEAD:${path}`], { cwd: clone });
      await person("rm", "--quiet", "-r", path);
      const changed = change(text.stdout);
      await commitFiles(clone, changed === "" ? {} : { [path]: changed }, "by hand");
      await person("push", "--quiet", "origin", `HEAD:refs/heads/${branch}`);
    },
    merge: async (base, first, { side, merged }) => {
      await person("checkout", "--quiet", "-f", "--detach", base);
      const second = await commitView(clone, side, {});
      const commit = await commitView(clone, merged, { parents: [first, second] });
      await person("push", "--quiet", "origin", `${commit}:refs/heads/main`);
      return commit;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(members.map((member) => member.stop().catch(() => {})));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Commit a change of the view at HEAD as a person would. */
async function commitView(
  clone: string,
  change: Change,
  how: { readonly parents?: readonly string[]; readonly date?: string },
): Promise<string> {
  const view = (await runGit(["show", `HEAD:${viewPath}`], { cwd: clone })).stdout;
  await writeFiles(clone, { [viewPath]: change(view) });
  await runGit(["add", "-A"], { cwd: clone });
  const tree = (await runGit(["write-tree"], { cwd: clone })).stdout.trim();
  const parents = how.parents ?? [(await runGit(["rev-parse", "HEAD"], { cwd: clone })).stdout];
  const from = parents.flatMap((parent) => ["-p", parent.trim()]);
  const env = { ...somebody, ...(how.date !== undefined && { GIT_AUTHOR_DATE: how.date }) };
  const args = ["commit-tree", tree, ...from, "-m", "edit by hand"];
  const commit = (await runGit(args, { cwd: clone, env })).stdout.trim();
  await runGit(["checkout", "--quiet", "-f", "--detach", commit], { cwd: clone });
  return commit;
}

type Shared = Pick<ScratchHub, "dir" | "remote" | "broker" | "failures"> & {
  readonly timeoutMs: number;
};

async function openMember(shared: Shared, name: string, home: string): Promise<Member> {
  const { dir, remote, broker, failures, timeoutMs } = shared;
  const stop = new AbortController();
  const at = join(dir, home);
  const { nowMs } = systemClock;
  const own = await openLedger({
    dir: join(at, "journal"),
    machine: name,
    disk: nodeDisk,
    nowMs,
  });
  let shiftMs = 0;
  const parts = {
    town: "t",
    ledger: own,
    bus: connectMemoryBus(broker, { name: home }),
    // The view is due again at each push.
    clock: { ...systemClock, nowMs: () => nowMs() + shiftMs },
    signal: stop.signal,
    report: (error: unknown) => void failures.push(error),
    pace,
  };
  const hubOptions = {
    ...parts,
    home: at,
    ledgerRemote: remote,
    timeoutMs,
    onRemoteBack: () => {},
  };
  const hub = name === "town" ? await runHub(hubOptions) : undefined;
  const gitOptions = { dir: join(at, "ledger.git"), remote, branch: `machines/${name}` };
  const git = openLedgerGit({ ...gitOptions, machine: name, isKeeper: true, timeoutMs });
  const sync = hub?.sync ?? (await runSync({ ...parts, git }));
  await sync.caughtUp;
  return {
    ledger: hub?.ledger ?? own,
    sync,
    hub,
    fetch: () => sync.fetch(),
    push: async () => {
      shiftMs += 60_000;
      await sync.flush(stop.signal);
    },
    view: () => renderView(own),
    stop: async () => {
      stop.abort();
      await sync.ended;
      await own.close();
    },
  };
}
