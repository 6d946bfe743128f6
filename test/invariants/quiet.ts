import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { machines, serves } from "#services/ledger/machines.ts";
import { ancestors, isSlung, openWork, readyBeads } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { at, type Court, type Judge } from "./court.ts";
import { type Facts, workerKey } from "./facts.ts";
import type { Worker } from "./observation.ts";
import type { Ending, RunRecord } from "./record.ts";

/** 13 and 20: once faults stop, what is ready is worked, and the town comes to rest. */
export function quietJudge(facts: Facts, court: Court): Judge {
  const stuck = new Map<string, Worker>();
  return {
    hears: {
      worker: (seen) => {
        if (seen.what === "stuck") stuck.set(workerKey(seen), seen);
        if (seen.what === "ended") stuck.delete(workerKey(seen));
        if (seen.what !== "started") court.look(13);
      },
    },
    ends: ({ finals, ending }: RunRecord) => {
      if (!ending.waited) return;
      for (const [key, { machine, bead, agent, epoch, atMs }] of stuck) {
        if (ending.gone.includes(machine) || !facts.running.has(key)) continue;
        const what = `${agent} under ${epoch} was stuck at ${at(atMs)}`;
        court.broken(13, ending.atMs, bead, `${what}, and still is`);
      }
      const world = finals.find(({ of }) => !ending.gone.includes(of))?.world;
      if (!world) return;
      judgeReady(court, world, ending);
      judgeQuiet(facts, court, world, { ending, stuck: new Set(stuck.keys()) });
    },
  };
}

/**
 * Whether work that was submitted may rightly stay in the queue of a town at rest: what it needs,
 * or what that needs, is with nobody, since a person put it aside or opened it again.
 */
export function waitsForPeople(work: Bead, world: World): boolean {
  const seen = new Set<string>([work.uid]);
  const open = needsOf(work, world);
  for (let need = open.pop(); need; need = open.pop()) {
    if (seen.has(need.uid)) continue;
    seen.add(need.uid);
    if (!isHeld(need)) return true;
    open.push(...needsOf(need, world));
  }
  return false;
}

/** Open work that a bead, or one above it, is blocked by. */
function needsOf(work: Bead, world: World): Bead[] {
  const line = [work, ...ancestors(work, world)];
  return line.flatMap(({ dependencies }) =>
    dependencies.flatMap(({ type, uid }) => {
      const need = type === "blocks" && uid !== undefined ? world.bead(uid) : undefined;
      const isOpen = need && !need.deleted && !["closed", "pinned"].includes(need.status);
      return isOpen && !line.includes(need) ? [need] : [];
    }),
  );
}

/** Asked for, ready, and somewhere to go: so it should have been dispatched. */
function judgeReady(court: Court, world: World, ending: Ending): void {
  for (const bead of readyBeads(world, ending.atMs)) {
    court.look(13);
    const rig = rigOf(bead, world)?.rig;
    const hosts = machines(world).filter(
      ({ machine, state }) =>
        rig !== undefined &&
        state === "ready" &&
        serves(machine, rig) &&
        !ending.gone.includes(machine.name),
    );
    if (hosts.length === 0 || !isSlung(bead, world)) continue;
    const free = hosts.map(({ machine }) => machine.name).join(", ");
    court.broken(13, ending.atMs, bead.uid, `${bead.id} is ready and nobody's, with ${free} there`);
  }
}

function judgeQuiet(
  facts: Facts,
  court: Court,
  world: World,
  { ending, stuck }: { readonly ending: Ending; readonly stuck: ReadonlySet<string> },
): void {
  court.look(20);
  const when = `at ${at(ending.atMs)}, all faults over`;
  for (const what of ending.unfinished) court.broken(20, ending.atMs, "town", `${what} ${when}`);
  for (const [key, { machine, agent, bead, epoch }] of facts.running) {
    if (ending.gone.includes(machine) || stuck.has(key)) continue;
    const what = `${agent} under ${epoch} still runs on ${machine}`;
    court.broken(20, ending.atMs, bead, `${what} ${when}`);
  }
  for (const bead of openWork(world)) {
    if (!isHeld(bead) || waitsForPeople(bead, world)) continue;
    const { epoch, machine } = bead.claim ?? { epoch: "", machine: "" };
    const isRunning = [...facts.running.values()].some((worker) => worker.bead === bead.uid);
    if (isRunning) continue; // Told above.
    const what = `${bead.id} is held under ${epoch} on ${machine}, where nobody works on it`;
    court.broken(20, ending.atMs, bead.uid, `${what} ${when}`);
  }
}
