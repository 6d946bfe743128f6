import { join } from "node:path";
import { runGit } from "#services/git/run-git.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import type { ChaosMachine, MachineOptions } from "./fleet.ts";
import type { GitCall } from "./git-http.ts";
import { addRig, authority, type Stage } from "./stage.ts";
import { fileMany, type Work } from "./work.ts";

/** A rig on two machines. */
export type Pair = {
  /** The one that holds the authority. */
  readonly holder: ChaosMachine;
  readonly other: ChaosMachine;
  readonly term: number;
};

/** Start two machines, and rig alpha that both serve. */
export async function pairOfMachines(
  stage: Stage,
  options: MachineOptions & { readonly gate?: string } = {},
): Promise<Pair> {
  const { gate, ...machines } = options;
  await Promise.all(["vm-a", "vm-b"].map((name) => stage.join(name, machines)));
  await addRig(stage, gate === undefined ? {} : { gate });
  const { machine, term } = await authority(stage);
  const otherName = machine === "vm-a" ? "vm-b" : "vm-a";
  return { holder: stage.machine(machine), other: stage.machine(otherName), term };
}

/** Work that is begun and waits, on each of two machines. */
export type HeldWork = { readonly all: readonly Work[]; on: (machine: ChaosMachine) => Work };

/** File work that waits in its middle until both machines have some of it in hand. */
export async function holdOnBoth(stage: Stage, pair: Pair, count = 4): Promise<HeldWork> {
  const all = await fileMany(stage, count, { waits: true, prefix: "held" });
  const machineOf = new Map<string, Work>();
  for (const work of all) {
    const claim = await work.claimed();
    machineOf.set(String(claim.values["machine"]), work);
  }
  const on = ({ machine }: ChaosMachine) => {
    const work = machineOf.get(machine);
    if (work === undefined) throw new Error(`no work was placed on ${machine}`);
    return work;
  };
  await on(pair.holder).begun();
  await on(pair.other).begun();
  return { all, on };
}

/** Let all go on. */
export function letAllGo(works: readonly Work[]): void {
  for (const work of works) work.letGo();
}

/** Whether a request lands something on main of rig alpha. */
export function isLanding({ repo, kind, refs }: GitCall): boolean {
  return repo === "alpha" && kind === "push" && refs.includes("refs/heads/main");
}

/** A field that one event sets. */
export function setsField({ op, values }: LedgerEvent, field: string): unknown {
  if (op !== "set" && op !== "create") return undefined;
  return (values as { fields?: Record<string, unknown> }).fields?.[field];
}

/** Events that say that a machine is lost. */
export function losses(stage: Stage): LedgerEvent[] {
  return stage.journals.events().filter((event) => {
    const lost = setsField(event, "gt.lost");
    return lost !== undefined && lost !== null;
  });
}

/** Claims of a bead that were written by now. */
export function claimsOf(stage: Stage, { uid }: Work): LedgerEvent[] {
  return stage.journals.events().filter(({ op, bead }) => op === "claim" && bead === uid);
}

/** A request of this bead is being tested right now. */
export function testing(stage: Stage, work: Work): Promise<LedgerEvent> {
  return stage.event(`${work.id} is being tested`, (event) => {
    if (setsField(event, "gt.merge_state") !== "testing") return false;
    const request = stage.journals.events().find(({ op, bead }) => {
      return op === "create" && bead === event.bead;
    });
    return request !== undefined && setsField(request, "gt.work") === work.uid;
  });
}

const person = {
  GIT_AUTHOR_NAME: "A person",
  GIT_AUTHOR_EMAIL: "person@example.invalid",
  GIT_COMMITTER_NAME: "A person",
  GIT_COMMITTER_EMAIL: "person@example.invalid",
};

/** Run git on rig alpha's remote itself, as who looks after its host. */
export async function atRemote(stage: Stage, ...args: string[]): Promise<string> {
  const { stdout } = await runGit(args, { cwd: stage.git.dir("alpha"), signal: stage.signal });
  return stdout.trim();
}

/** A person commits a file on top of main, past our queue. Tries again where main moved. */
export async function humanPush(stage: Stage, name: string): Promise<string> {
  const dir = join(stage.home, "people", `clone-${name}`);
  const remote = stage.git.dir("alpha");
  const run = async (cwd: string, ...args: string[]) =>
    (await runGit(args, { cwd, env: person, signal: stage.signal })).stdout.trim();
  await run(stage.home, "clone", "--quiet", "--branch", "main", remote, dir);
  await run(dir, "commit", "--quiet", "--allow-empty", "-m", `By hand: ${name}`);
  await stage.until(`${name} is pushed by hand`, async () => {
    await run(dir, "pull", "--quiet", "--rebase", "origin", "main");
    const push = ["push", "--quiet", "origin", "HEAD:refs/heads/main"];
    const { code } = await runGit(push, { cwd: dir, okCodes: [0, 1], signal: stage.signal });
    return code === 0 || undefined;
  });
  return run(dir, "rev-parse", "HEAD");
}
