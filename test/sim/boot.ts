import type { Bus } from "#services/bus/bus.ts";
import type { MemoryGit } from "#services/git/memory/memory-git.ts";
import { memoryGit } from "#services/git/memory/memory-git.ts";
import type { MemoryRemote } from "#services/git/memory/remote.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import type { Host } from "./host.ts";
import type { Random } from "./random.ts";
import type { SimBus } from "./sim-bus.ts";
import type { SimProcess, Timeline } from "./timeline.ts";

/** The world that processes are started in. */
export type Ground = {
  readonly townName: string;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly bus: SimBus;
  /** By URL: `sim:ledger`, and `sim:code/<rig>`. */
  readonly remotes: ReadonlyMap<string, MemoryRemote>;
  /** Replicas read each line once for all. */
  readonly decode: (line: string) => LedgerEvent;
  /** Of each process there ever was, what ends its loops. */
  readonly stops: AbortController[];
  /** By host, the process that runs there, or did last. */
  readonly processes: Map<string, SimProcess>;
  /** Puts somebody between a process and its ledger, to watch or to spoil it. */
  readonly watch: (ledger: Ledger, of: string) => Ledger;
  /** A round that failed, and what else a log would have. */
  readonly told: (of: string, error: unknown, what: string) => void;
};

/** What every process of ours has. */
export type Base = {
  readonly process: SimProcess;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly stop: AbortController;
  readonly bus: Bus;
  readonly git: MemoryGit;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly log: {
    readonly info: (...said: readonly unknown[]) => void;
    readonly warn: (...said: readonly unknown[]) => void;
  };
};

export const ledgerUrl = "sim:ledger";

/** Start a process on a host: clock, bus, git, and its ledger as the disk has it. */
export async function bootBase(ground: Ground, host: Host): Promise<Base> {
  const { timeline, bus: broker, remotes, decode } = ground;
  const random = ground.random.split(`${host.place} ${timeline.called}`);
  const process = timeline.process(host.place, host.skewMs);
  ground.processes.set(host.place, process);
  const { clock } = process;
  const stop = new AbortController();
  const { signal } = stop;
  ground.stops.push(stop);
  const bus = broker.connect(host.place, process, { signal });
  const newNonce = () => random.base36(12);
  const bare = memoryGit({ disk: host.git, remotes, nowMs: clock.nowMs, newNonce });
  const opened = await openLedger({
    dir: "/journal",
    machine: host.name,
    disk: host.files,
    nowMs: clock.nowMs,
    random: (length) => random.base36(length),
    decode,
  });
  const ledger = ground.watch(opened, host.name);
  const warn = (said: unknown, what: unknown) => {
    const { err, actor } = said as { err?: unknown; actor?: string };
    ground.told(host.name, err ?? said, actor ?? String(what));
  };
  const log = { info: () => {}, warn } as Base["log"];
  return { process, clock, signal, stop, bus, git: heldBy(process, bare), ledger, random, log };
}

/** A git whose remote answers only a process that is there to hear it. */
function heldBy(process: SimProcess, git: MemoryGit): MemoryGit {
  return {
    ...git,
    fetchRefs: (...wanted) => process.call(() => git.fetchRefs(...wanted)),
    fetchAll: (...wanted) => process.call(() => git.fetchAll(...wanted)),
    ensureClone: (...wanted) => process.call(() => git.ensureClone(...wanted)),
    push: (...wanted) => process.call(() => git.push(...wanted)),
  };
}
