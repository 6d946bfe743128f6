import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readChain } from "#services/git/authority-chain.ts";
import { ensureClone } from "#services/git/bare-clone.ts";
import { runGit } from "#services/git/run-git.ts";
import type { FetchedLines } from "#services/ledger/event-blobs.ts";
import { exportLines } from "#services/ledger/export.ts";
import {
  foldLines,
  journalLines,
  type LedgerReading,
  ledgerLines,
} from "../../deploy/local/verify/read-ledger.ts";
import { check } from "../invariants/check.ts";
import { whoIsLeft } from "../scenarios/left-behind.ts";
import { sessionsIn } from "./quiet.ts";
import { recordRun } from "./record.ts";
import type { Stage } from "./stage.ts";
import type { Work } from "./work.ts";

/** What speaks against a run that was stopped: a sentence each. */
export async function judge(stage: Stage): Promise<string[]> {
  const { git, signal } = stage;
  const reading = await foldLines(await ledgerLines(git.dir("ledger"), signal));
  const code = await readCode(stage);
  return [
    ...stage.objections(),
    ...reading.faults.map((fault) => `the ledger is not whole: ${fault}`),
    ...(await replicaObjections(stage, reading)),
    ...stage.works().flatMap((work) => workObjections(work, reading, code)),
    ...(await leftObjections(stage)),
    ...check(await recordRun(stage, reading)).violations.map(
      ({ invariant, name, concerns, seen }) =>
        `invariant ${invariant} (${name}), ${concerns}: ${seen}`,
    ),
  ];
}

/** Rig alpha's remote at the end. */
type Code = {
  readonly commits: ReadonlySet<string>;
  /** How often a commit on main adds a file of this name. */
  readonly added: ReadonlyMap<string, number>;
  readonly landings: readonly { readonly bead: string; readonly commit: string }[];
  /** Whether nobody but us ever touched the chain. */
  readonly isChainWhole: boolean;
  readonly treeOf: ReadonlyMap<string, string>;
};

async function readCode({ git, home, signal, isChainWhole }: Stage): Promise<Code> {
  const repoDir = join(home, "judge-alpha.git");
  await ensureClone(git.dir("alpha"), repoDir, { signal });
  const main = "refs/remotes/origin/main";
  const run = async (...args: string[]) => (await runGit(args, { cwd: repoDir, signal })).stdout;
  const treeOf = new Map<string, string>();
  for (const line of (await run("log", "--all", "--format=%H %T")).split("\n")) {
    const [commit = "", tree = ""] = line.split(" ");
    treeOf.set(commit, tree);
  }
  const added = new Map<string, number>();
  const names = await run(
    "log",
    main,
    "-m",
    "--first-parent",
    "--diff-filter=A",
    "--name-only",
    "--format=",
  );
  for (const name of names.split("\n")) added.set(name, (added.get(name) ?? 0) + 1);
  const commits = new Set((await run("rev-list", main)).split("\n"));
  const { landings } = await readChain({ repoDir, signal });
  return { commits, added, landings, treeOf, isChainWhole: isChainWhole() };
}

function workObjections(work: Work, { world, events }: LedgerReading, code: Code): string[] {
  const { id, uid, name } = work;
  const bead = world.bead(uid);
  if (bead === undefined) return [`${id} is not in the ledger`];
  if (bead.status !== "closed" || bead.closeKind !== "merged") {
    return [`${id} is ${bead.status} (${bead.closeKind}), not closed as merged`];
  }
  const commit = bead.closeCommit ?? "";
  const found: string[] = [];
  if (!code.commits.has(commit)) found.push(`${id} was closed with ${commit}, not on main`);
  const times = code.added.get(`words/of-${name}.txt`) ?? 0;
  if (times !== 1) found.push(`${id}: main got its file ${times} times`);
  // A torn push may leave a record whose commit is recorded again as it lands: that is one landing.
  const ofBead = code.landings.filter((landing) => landing.bead === uid || landing.bead === id);
  const landed = new Set(ofBead.map((landing) => landing.commit)).size;
  if (landed > 1 || (landed < 1 && code.isChainWhole)) {
    found.push(`${id} was landed ${landed} times by the chain`);
  }
  const closes = events.filter(({ op, bead: of, values }) => {
    return op === "close" && of === uid && values["kind"] === "merged";
  });
  const names = new Set(closes.map(({ values }) => String(values["close"])));
  if (names.size !== 1) found.push(`${id} was closed as merged in ${names.size} ways`);
  return [...found, ...treeObjections(id, uid, commit, world, code)];
}

/** The tree that landed is the tree that its gates passed on. */
function treeObjections(
  id: string,
  uid: string,
  commit: string,
  world: LedgerReading["world"],
  { treeOf }: Code,
): string[] {
  const gates = world
    .ofWork(uid)
    .filter(({ issueType }) => issueType === "merge-request")
    .flatMap(({ fields }) => (fields["gt.gates"] ?? []) as unknown as readonly GateResult[]);
  const tree = treeOf.get(commit);
  const isTested = gates.some((gate) => {
    return gate.passed && (gate.commit === commit || treeOf.get(gate.commit) === tree);
  });
  return isTested ? [] : [`${id}: no gate passed on the tree of ${commit}`];
}

type GateResult = { readonly commit: string; readonly passed: boolean };

/** What every process wrote down is at the remote, and folds to the same whoever has it. */
async function replicaObjections(stage: Stage, remote: LedgerReading): Promise<string[]> {
  const known = new Set(remote.events.map(({ hash }) => hash));
  const state = exportLines(remote.world).join("\n");
  const found: string[] = [];
  for (const [name, dir] of homes(stage)) {
    const own = await journalLines(join(dir, "journal"));
    const { events } = await foldLines(own);
    const missing = events.filter(({ hash }) => !known.has(hash));
    if (missing.length > 0) {
      const [first] = missing;
      const what = `${first?.op} of ${first?.bead} by ${first?.writer} ${first?.seq}`;
      found.push(`${missing.length} events of ${name} are not at the remote: ${what} first`);
    }
    const mine = await foldLines(await replicaOf(stage, own));
    if (missing.length === 0 && exportLines(mine.world).join("\n") !== state) {
      found.push(`${name} folds the same events to another state`);
    }
  }
  return found;
}

/** What a replica has after a last sync. Its own events come first: the order must not matter. */
export async function replicaOf(
  { git, signal }: Stage,
  own: readonly FetchedLines[],
): Promise<readonly FetchedLines[]> {
  return [...own, ...(await ledgerLines(git.dir("ledger"), signal)).toReversed()];
}

/** The folders of town and machines, but for disks that are gone. */
export function homes(stage: Stage): [string, string][] {
  const machines = [...stage.fleet.machines.values()].filter((each) => !stage.lost().has(each));
  return [
    ["town", join(stage.home, "town")],
    ...machines.map(({ name, home }): [string, string] => [name, home]),
  ];
}

async function leftObjections(stage: Stage): Promise<string[]> {
  const found: string[] = [];
  for (const machine of stage.fleet.machines.values()) {
    if (stage.lost().has(machine)) continue;
    for (const { state, name } of await sessionsIn(machine)) {
      if (state !== "removed") found.push(`${machine.name} left its session ${name} ${state}`);
    }
    const polecats = join(machine.home, "rigs", "alpha", "polecats");
    const trees = await readdir(polecats).catch(() => []);
    for (const tree of trees) found.push(`${machine.name} left the worktree ${tree}`);
  }
  const left = await whoIsLeft(stage.home);
  return [...found, ...left.map((each) => `left running: ${each}`)];
}
