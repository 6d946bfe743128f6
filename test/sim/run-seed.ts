import type { Runtime } from "#services/runtime/runtime.ts";
import { finalOf } from "../invariants/record-ledger.ts";
import type { Base } from "./boot.ts";
import type { SimHands, SimMachine } from "./boot-machine.ts";
import { doChores } from "./chores.ts";
import { digestOf } from "./digest.ts";
import { openEndpoint } from "./endpoint.ts";
import type { Planned } from "./faults/fault.ts";
import { runFaults } from "./faults/plan.ts";
import { type Desk, People } from "./people.ts";
import type { Protection } from "./protections.ts";
import { Random } from "./random.ts";
import { shortRecipe } from "./recipe.ts";
import { Sim } from "./sim.ts";
import { simGates } from "./sim-gates.ts";
import { unfinished } from "./unfinished.ts";
import { without } from "./without.ts";
import { makeWork } from "./work.ts";
import { workMet } from "./work-faults.ts";
import { newWorld, rigDrafts, type Size, townHost } from "./world.ts";

/** One run: a seed, a size, its faults, and what is taken away. */
export type RunOptions = {
  readonly seed: number | string;
  readonly size: Size;
  /** Those that the seed plans, if absent. */
  readonly faults?: readonly Planned[] | undefined;
  /** The protection that is off. */
  readonly without?: Protection | undefined;
  /** Told what a log would have. */
  readonly told?: (of: string, what: string, error: unknown) => void;
};

/** What came of one run. */
export type RunResult = ReturnType<Sim["recorder"]["finish"]> & {
  readonly seed: number | string;
  readonly faults: readonly Planned[];
  /** How often each fault was injected. */
  readonly injected: Readonly<Record<string, number>>;
  /** How many beads that are a fault by themselves were worked, by what is wrong with them. */
  readonly worked: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly events: number;
  readonly landed: number;
  /** Of the whole history: a seed has one, on any machine. */
  readonly digest: string;
};

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
  if (!world.town) throw new Error("the town did not come up");
  await world.town.ledger.append("overseer", rigDrafts(world.rigNames));
  const filing = { isOver: false };
  const people = peopleOf(sim, options);
  void Promise.all([people.file(work), doChores(sim)]).then(() => {
    filing.isOver = true;
  });
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
    return filing.isOver && unfinished(sim).length === 0;
  };
  await timeline.run(endMs, isQuiet);
  const judged = judge(sim);
  const digest = digestOf(judged.record);
  // Whoever still waits for a signal would be kept in memory for good, and the whole world with it.
  for (const stop of world.stops) stop.abort();
  return { ...judged, seed, faults, injected: running.injected, ...figures(sim), digest };
}

function openSim(options: RunOptions): Sim {
  const { seed, size, told = () => {} } = options;
  const weak = without(options.without);
  const { limits } = weak;
  const made: { sim?: Sim } = {};
  const sim = () => made.sim as Sim;
  const machine = {
    ...{ ...limits, polecatsMax: 4, recipe },
    runtime: (base: Base): Runtime => sim().runtimeOf(base),
    test: (base: Base) => gatesOf(sim(), base),
    wrap: (hands: SimHands, base: Base) => sim().watchHands(weak.hands(hands), base),
    ledgerGit: weak.ledgerGit,
    serves: (started: SimMachine) => sim().serve(started, openEndpoint),
  };
  const { keepsWhatIsSynced, keepsLeases } = weak;
  const world = newWorld({
    ...{ seed, size, settings: { town: limits, machine }, keepsWhatIsSynced, keepsLeases },
    told: (of, error, what) => told(of, what, error),
    watch: (ledger, of) => sim().watch(weak.ledger(ledger), of),
  });
  made.sim = new Sim(world);
  return made.sim;
}

function gatesOf(sim: Sim, base: Base) {
  const host = base.process.name;
  const gates = simGates({
    ...{ process: base.process, disk: sim.hostOf(host).git, random: base.random.split("gates") },
    witness: ({ gate, repoDir }, tree, passed) => {
      sim.sawGate({ gate: gate.name, repoDir, tree: tree.id, passed });
    },
  });
  return (run: Parameters<typeof gates>[0], signal: AbortSignal) => {
    sim.gateBegan(rigIn(run.repoDir), host);
    return gates(run, signal);
  };
}

/** Who files the work, and asks wherever somebody answers. */
function peopleOf(sim: Sim, options: RunOptions): People {
  const { timeline, random, machines } = sim.world;
  const desks = (): Desk[] => {
    const { town } = sim.world;
    const own = [...machines.values()].map(({ base }) => base);
    return [...(town ? [town.base] : []), ...own].map(({ process, ledger }) => {
      return { name: process.name, process, ledger };
    });
  };
  const { keepsRequestIds } = without(options.without);
  return new People({
    ...{ timeline, random: random.split("people"), desks, keepsRequestIds },
    see: (answered) => sim.see(answered),
    told: (error, what) => options.told?.("people", what, error),
  });
}

function rigIn(repoDir: string): string {
  return /\/rigs\/([^/]+)\//.exec(repoDir)?.[1] ?? "";
}

function judge(sim: Sim): ReturnType<Sim["recorder"]["finish"]> {
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
  const worked = world ? workMet(world, (title) => sim.task(title)) : {};
  return { elapsedMs: sim.world.timeline.elapsedMs, events, landed, worked };
}
