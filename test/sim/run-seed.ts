import { createBead } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { slingField } from "#services/ledger/work-fields.ts";
import type { Runtime } from "#services/runtime/runtime.ts";
import { finalOf } from "../invariants/record-ledger.ts";
import type { Verdict } from "../invariants/recorder.ts";
import type { Base } from "./boot.ts";
import type { SimMachine } from "./boot-machine.ts";
import { openEndpoint } from "./endpoint.ts";
import type { Planned } from "./faults/fault.ts";
import { runFaults } from "./faults/plan.ts";
import { Random } from "./random.ts";
import { shortRecipe } from "./recipe.ts";
import { Sim } from "./sim.ts";
import { simGates } from "./sim-gates.ts";
import { unfinished } from "./unfinished.ts";
import { makeWork, type Task, type Work } from "./work.ts";
import { newWorld, rigDrafts, type Size, townHost } from "./world.ts";

/** One run: a seed, a size, its faults, and what is taken away. */
export type RunOptions = {
  readonly seed: number | string;
  readonly size: Size;
  /** Those that the seed plans, if absent. */
  readonly faults?: readonly Planned[];
  /** Told what a log would have. */
  readonly told?: (of: string, what: string, error: unknown) => void;
};

/** What came of one run. */
export type RunResult = Verdict & {
  readonly seed: number | string;
  readonly faults: readonly Planned[];
  /** How often each fault was injected. */
  readonly injected: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly events: number;
  readonly landed: number;
};

const limits = { graceMs: 30_000, lostAfterMs: 60_000, brakeShare: 0.5 };
const recipe = shortRecipe();
/** When everyone had time to come up, ms of the run. */
const workStartsMs = 3_000;
/** How long the town is given, once all faults are over, until it must be at rest. */
const quietMsMax = 45 * 60_000;

/** Run one seed to its end and judge it. */
export async function runSeed(options: RunOptions): Promise<RunResult> {
  const { seed, size } = options;
  const sim = openSim(options);
  const { world } = sim;
  const { timeline } = world;
  const work = makeWork(new Random(seed).split("work"), {
    beads: size.beads,
    rigs: world.rigNames,
  });
  sim.take(work);
  for (const name of world.hosts.keys()) sim.boot(name);
  const tell = () => {
    sim.tell();
    return false;
  };
  await timeline.run(workStartsMs, tell);
  await fileWork(sim, work);
  const faults = options.faults ?? sim.planned();
  const running = runFaults(sim, faults);
  await timeline.run(workStartsMs + running.endMs + 1, tell);
  running.endAll();
  const endMs = timeline.elapsedMs + quietMsMax;
  let lookedMs = 0;
  const isQuiet = () => {
    sim.tell();
    if (timeline.elapsedMs - lookedMs < 1_000) return false;
    lookedMs = timeline.elapsedMs;
    return unfinished(sim).length === 0;
  };
  await timeline.run(endMs, isQuiet);
  return { ...judge(sim), seed, faults, injected: running.injected, ...figures(sim) };
}

function openSim({ seed, size, told = () => {} }: RunOptions): Sim {
  const made: { sim?: Sim } = {};
  const sim = () => made.sim as Sim;
  const machine = {
    ...{ ...limits, polecatsMax: 4, recipe },
    runtime: (base: Base): Runtime => sim().runtimeOf(base),
    test: (base: Base) => {
      const host = base.process.name;
      const disk = sim().hostOf(host).git;
      const gates = simGates({
        ...{ process: base.process, disk, random: base.random.split("gates") },
        witness: ({ gate, repoDir }, tree, passed) => {
          sim().sawGate({ gate: gate.name, repoDir, tree: tree.id, passed });
        },
      });
      return (run: Parameters<typeof gates>[0], signal: AbortSignal) => {
        sim().gateBegan(rigIn(run.repoDir), host);
        return gates(run, signal);
      };
    },
    serves: (started: SimMachine) => sim().serve(started, openEndpoint),
  };
  const world = newWorld({
    ...{ seed, size, settings: { town: limits, machine } },
    told: (of, error, what) => told(of, what, error),
    watch: (ledger, of) => sim().watch(ledger, of),
  });
  made.sim = new Sim(world);
  return made.sim;
}

function rigIn(repoDir: string): string {
  return /\/rigs\/([^/]+)\//.exec(repoDir)?.[1] ?? "";
}

/** File all beads, each when its time has come, as a person does at the town. */
async function fileWork(sim: Sim, { tasks, epics }: Work): Promise<void> {
  const { town, timeline, rigNames } = sim.world;
  if (!town) throw new Error("the town did not come up");
  await append(town.ledger, rigDrafts(rigNames));
  await append(
    town.ledger,
    epics.map(({ key, rig }) => bead(key, rig, "epic", {})),
  );
  const now = tasks.filter(({ filedMs }) => filedMs === 0);
  await append(
    town.ledger,
    now.map((task) => taskBead(task)),
  );
  for (const task of tasks) {
    if (task.filedMs > 0) timeline.after(task.filedMs, () => fileLater(sim, task));
  }
}

function fileLater(sim: Sim, task: Task): void {
  const ledger = sim.anyLedger();
  if (!ledger) sim.later(1_000, () => fileLater(sim, task));
  else
    void append(ledger, [taskBead(task)]).catch(() => sim.later(1_000, () => fileLater(sim, task)));
}

async function append(ledger: Ledger, drafts: readonly Draft[]): Promise<void> {
  await ledger.append("overseer", drafts);
}

/** The uid of the bead that a task is filed as. */
export function uidOf(key: string): string {
  return derivedUid("sim", key);
}

function taskBead({ key, rig, priority, needs, epic }: Task): Draft {
  const edges = [
    ...needs.map((need) => ({ to: uidOf(need), type: "blocks" })),
    ...(epic === undefined ? [] : [{ to: uidOf(epic), type: "parent-child" }]),
  ];
  const fields = { [slingField.name]: { runtime: "sim", by: "overseer" } };
  return bead(key, rig, "task", { priority, edges, fields });
}

function bead(
  key: string,
  rig: string,
  issueType: string,
  more: Partial<Parameters<typeof createBead>[0]>,
): Draft {
  const id = `${rig}-${key.replaceAll(" ", "-")}`;
  return createBead({ uid: uidOf(key), id, title: key, issueType, ...more });
}

function judge(sim: Sim): Verdict {
  const { machines, town } = sim.world;
  const finals = [...machines].map(([name, { base }]) => finalOf(name, base.ledger));
  if (town) finals.unshift(finalOf(townHost, town.base.ledger));
  const left = unfinished(sim);
  return sim.recorder.finish(finals, {
    atMs: sim.nowMs,
    waited: true,
    unfinished: left,
    gone: [...sim.gone],
  });
}

function figures(sim: Sim) {
  const world = sim.anyWorld();
  let landed = 0;
  for (const each of world?.everywhere() ?? []) {
    if (each.closeKind === "merged" && each.issueType === "task") landed += 1;
  }
  const events = [...(sim.anyLedger()?.log() ?? [])].length;
  return { elapsedMs: sim.world.timeline.elapsedMs, events, landed };
}
