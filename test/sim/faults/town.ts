import { ledgerSubject } from "#services/bus/subjects.ts";
import type { Sim } from "../sim.ts";
import { townHost } from "../world.ts";
import { type Injector, ofMachine, ofTown, over, type Planned } from "./fault.ts";

/** The town dies with an event on its disk that nobody has heard of. */
const killBeforePublish: Injector = {
  name: "kill-town-before-publish",
  faults: [6],
  plan: ofTown(20_000, 60_000),
  isTrap: true,
  begin: (sim, planned, struck) => {
    if (!sim.isUp(townHost)) return undefined;
    return sim.onWrote(townHost, () => die(sim, planned, struck));
  },
};

/** The town dies while the remote has its merge of the ledger, or has just sent what to merge. */
const killInMerge: Injector = {
  name: "kill-town-in-mid-merge",
  faults: [7],
  plan: ofTown(40_000, 90_000),
  isTrap: true,
  begin: (sim, planned, struck) => {
    const gate = sim.remotes.gate("sim:ledger");
    if (!gate || !sim.isUp(townHost)) return undefined;
    const kind = planned.detail % 2 === 0 ? "push" : "fetch";
    const once = (op: { readonly kind: string }, who: string) => {
      if (op.kind !== kind || who !== townHost || !sim.isUp(townHost)) return;
      gate.done.delete(once);
      die(sim, planned, struck);
    };
    gate.done.add(once);
    return () => gate.done.delete(once);
  },
};

function die(sim: Sim, { detail }: Planned, struck: () => void): void {
  if (!sim.isUp(townHost)) return;
  struck();
  if (detail % 3 === 0) sim.losePower(townHost);
  else sim.kill(townHost, "killed");
  sim.later(1_000 + (detail % 30_000), () => sim.start(townHost));
}

/** A machine, and a worker on it, try what is another's. */
const trespass: Injector = {
  name: "trespass",
  faults: [40],
  plan: ofMachine(0, 0),
  begin: (sim, { target, detail }) => {
    const others = [...sim.world.machines.keys()].filter((name) => name !== target).sort();
    const other = others[detail % Math.max(1, others.length)];
    const process = sim.world.processes.get(target);
    if (other === undefined || !process?.isAlive) return undefined;
    tryTokens(sim, target, other);
    trySubjects(sim, target, other);
    return over;
  },
};

/** What a worker's token opens at its own machine opens nothing at another, nor does none. */
function tryTokens(sim: Sim, machine: string, other: string): void {
  const endpoint = sim.workers.get(machine)?.endpoint;
  const strangers = [...sim.hostOf(other).sessions.values()].map(({ token }) => token);
  for (const token of [...strangers.filter((each) => each !== ""), "", "../"]) {
    const to = `the socket of ${machine} with a token of ${other}`;
    const tell = (reached: boolean) =>
      sim.see({ kind: "access", atMs: sim.nowMs, by: other, to, mayReach: false, reached });
    Promise.try(() => endpoint?.calls(token, "trespass").hook()).then(
      (hook) => tell(hook !== undefined),
      () => tell(false),
    );
  }
}

/** The subjects that a machine is given are its own. */
function trySubjects(sim: Sim, machine: string, other: string): void {
  const { townName, processes } = sim.world;
  const process = processes.get(machine);
  if (!process) return;
  const stop = new AbortController();
  const own = ledgerSubject(townName, machine);
  const allow = { publish: [own], subscribe: [`gt.${townName}.>`] };
  const place = `${machine}~trespasser`;
  const bus = sim.world.bus.connect(place, process, { signal: stop.signal, allow });
  const subject = ledgerSubject(townName, other);
  const tell = (reached: boolean) => {
    const to = subject;
    sim.see({ kind: "access", atMs: sim.nowMs, by: machine, to, mayReach: false, reached });
    stop.abort();
  };
  bus.publish(subject, new TextEncoder().encode("{}"), `trespass ${sim.nowMs}`).then(
    () => tell(true),
    () => tell(false),
  );
}

/** What meets a town as it writes, and those who would write as another. */
export const townFaults: readonly Injector[] = [killBeforePublish, killInMerge, trespass];
