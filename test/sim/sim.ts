import { authorityRef } from "#services/git/authority-chain.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { holderOf, rigNamed } from "#services/ledger/rigs.ts";
import type { Runtime } from "#services/runtime/runtime.ts";
import type { Gate, Observation } from "../invariants/observation.ts";
import { defaultLimits } from "../invariants/record.ts";
import { recordLedger } from "../invariants/record-ledger.ts";
import { Recorder } from "../invariants/recorder.ts";
import type { Base } from "./boot.ts";
import type { SimHands, SimMachine } from "./boot-machine.ts";
import type { openEndpoint } from "./endpoint.ts";
import type { Planned } from "./faults/fault.ts";
import { planFaults } from "./faults/plan.ts";
import type { Host } from "./host.ts";
import { type Listeners, listenOnce, tellOnce } from "./listen-once.ts";
import type { Direction } from "./network.ts";
import { busPlace } from "./sim-bus.ts";
import { SimRemotes } from "./sim-remotes.ts";
import { SimWorkers } from "./sim-workers.ts";
import { followEvents } from "./watch-events.ts";
import { watchTrees } from "./watch-trees.ts";
import type { Task, Work } from "./work.ts";
import { codeUrl, hostOf, startMachine, startTown, townHost, type World } from "./world.ts";

/** A simulated town at work, with all that may be done to it, and all that is seen of it. */
export class Sim {
  readonly world: World;
  readonly recorder: Recorder;
  readonly workers = new Map<string, SimWorkers>();
  readonly remotes: SimRemotes;
  /** Hosts that never come back. */
  readonly gone = new Set<string>();
  /** Hosts that call themselves by a name which another one has, by their place. */
  readonly twins = new Map<string, Host>();
  /** Why each host is down or stands still now, by its name; each has to be ended. */
  readonly #held = new Map<string, number>();
  readonly #gateListeners: Listeners<string> = new Map();
  readonly #wrote: Listeners = new Map();

  #tasks = new Map<string, Task>();

  constructor(world: World) {
    this.world = world;
    this.remotes = new SimRemotes(world);
    this.recorder = new Recorder(defaultLimits, this.remotes.code);
    for (const host of world.hosts.values()) this.staff(host);
  }

  /** Have a host run workers. */
  staff(host: Host): void {
    const { timeline, random } = this.world;
    const see = (seen: Observation) => this.see(seen);
    const own = random.split(`workers of ${host.place}`);
    const task = (title: string) => this.task(title);
    this.workers.set(host.place, new SimWorkers({ timeline, random: own, host, task, see }));
  }

  /** Say what beads are, by their titles. */
  take({ tasks }: Work): void {
    this.#tasks = new Map(tasks.map((task) => [task.key, task]));
    const capacity = { kind: "capacity", of: "machine", atMs: this.nowMs } as const;
    const { hosts, settings } = this.world;
    const { polecatsMax } = settings.machine;
    for (const name of hosts.keys()) this.see({ ...capacity, name, polecatsMax });
  }

  /** The faults that the run's seed has in store. */
  planned(): Planned[] {
    const { random, rigNames, hosts } = this.world;
    const machines = [...hosts.keys()].filter((name) => name !== townHost);
    return planFaults(random.split("faults"), { machines, rigs: rigNames });
  }

  hostOf(name: string): Host {
    return this.twins.get(name) ?? hostOf(this.world, name);
  }

  /** How a process starts workers on its host. */
  runtimeOf({ process }: Base): Runtime {
    const workers = this.workers.get(process.name);
    if (!workers) throw new Error(`there is no host ${process.name}`);
    return workers.runtime(process);
  }

  /** A machine serves its workers from now on. */
  serve(machine: SimMachine, open: typeof openEndpoint): void {
    const { base, polecats, running, host } = machine;
    const workers = this.workers.get(host.place);
    if (workers) workers.endpoint = open(base.process, polecats, running.ring);
  }

  sawGate(seen: Omit<Gate, "kind" | "atMs" | "rig"> & { readonly repoDir: string }): void {
    const { repoDir, ...gate } = seen;
    const rig = /\/rigs\/([^/]+)\//.exec(repoDir)?.[1] ?? "";
    this.see({ kind: "gate", atMs: this.nowMs, rig, ...gate });
  }

  get nowMs(): number {
    return this.world.timeline.nowMs();
  }

  see(seen: Observation): void {
    this.tell(); // What the remotes did came before it.
    this.recorder.see(seen);
  }

  /** Take down what the remotes did since it was asked last; to be called after each moment. */
  tell(): void {
    this.remotes.tell(this.recorder);
  }

  /** A ledger of which all is taken down. */
  watch(ledger: Ledger, by: string): Ledger {
    ledger.onChange(({ event }) => {
      if (event.writer === ledger.writer) tellOnce(this.#wrote, by, undefined);
    });
    const process = this.world.processes.get(by);
    const see = (seen: Observation) => this.see(seen);
    const nowMs = () => this.nowMs;
    // One of them is enough, and following costs.
    if (process && by === townHost) {
      const random = this.world.random.split(`watch ${ledger.writer}`);
      void followEvents({ ledger, process, random, nowMs, see });
    }
    return recordLedger(ledger, { recorder: { see }, by, nowMs });
  }

  /** The hands of a machine, of which is taken down what they take away. */
  watchHands(hands: SimHands, { process }: Base): SimHands {
    const host = this.hostOf(process.name);
    const { world } = hands.ledger;
    const polecatGit = watchTrees(hands.polecatGit, {
      host,
      remoteOf: (repoDir) => {
        const rig = /\/rigs\/([^/]+)\//.exec(repoDir)?.[1] ?? "";
        return this.world.remotes.get(codeUrl(rig));
      },
      hasLanded: (bead) => world.bead(bead)?.closeKind === "merged",
      nowMs: () => this.nowMs,
      see: (seen) => this.see(seen),
    });
    return { ...hands, polecatGit };
  }

  /** Told once, when an event of one host is on its disk and nobody was told of it yet. */
  onWrote(name: string, then: () => void): () => void {
    return listenOnce(this.#wrote, name, then);
  }

  /** What a further bead is, by its title. */
  addTask(task: Task): void {
    this.#tasks.set(task.key, task);
  }

  task(title: string): Task | undefined {
    return this.#tasks.get(title);
  }

  later(afterMs: number, then: () => void): void {
    this.world.timeline.after(afterMs, then);
  }

  isUp(name: string): boolean {
    const process = this.#process(name);
    return process?.isAlive === true && !process.isPaused && !this.#held.has(name);
  }

  /** Start the process of a host, unless somebody else holds it down. */
  start(name: string): void {
    const left = (this.#held.get(name) ?? 1) - 1;
    if (left > 0) this.#held.set(name, left);
    else this.#held.delete(name);
    if (left > 0 || this.gone.has(name)) return;
    this.#boot(name);
  }

  /** Start a process for the first time. */
  boot(name: string): void {
    this.#boot(name);
  }

  /** kill -9. What is under way at a remote goes on there. */
  kill(name: string, why: string): void {
    this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
    const process = this.#process(name);
    if (!process?.isAlive) return;
    process.kill();
    this.world.bus.drop(name);
    if (name === townHost) this.world.town = undefined;
    else this.world.machines.delete(name);
    const workers = this.workers.get(name);
    if (workers) workers.endpoint = undefined;
    this.see({ kind: "process", atMs: this.nowMs, of: name, isUp: false });
    this.silence(name, true, why);
  }

  /** The power of a host fails. */
  losePower(name: string): void {
    this.kill(name, "without power");
    this.workers.get(name)?.losePower();
    hostOf(this.world, name).files.crash();
  }

  pause(name: string, why: string): (() => void) | undefined {
    const process = this.#process(name);
    if (!process || !this.isUp(name)) return undefined;
    process.pause();
    // Its workers are processes of their own: SIGSTOP is for the one that is named.
    this.silence(name, true, why);
    return () => {
      process.resume();
      if (process.isAlive) this.#speaks(name, "goes on");
    };
  }

  silence(machine: string, isSilent: boolean, why: string): void {
    if (machine === townHost) return;
    this.see({ kind: "silence", atMs: this.nowMs, machine, isSilent, why });
  }

  /** It runs, and is heard unless it is cut off. */
  #speaks(machine: string, why: string): void {
    if (this.world.network.isConnected(machine, busPlace)) this.silence(machine, false, why);
  }

  /** Cut ways; the returned function heals them. */
  cut(ways: readonly (readonly [string, string])[], direction: Direction): () => void {
    const { network } = this.world;
    const machines = new Set(ways.flatMap(([from, to]) => (to === busPlace ? [from] : [])));
    for (const [from, to] of ways) network.cut(from, to, direction);
    // Who hears nothing gives its connection up, and has no voice either.
    for (const each of machines) this.silence(each, true, "cut off");
    return () => {
      for (const [from, to] of ways) network.heal(from, to);
      for (const each of machines) if (this.isUp(each)) this.#speaks(each, "healed");
    };
  }

  /** Cut everyone from one place. */
  cutAll(place: string): () => void {
    return this.cut(
      [...this.world.hosts.keys()].map((name) => [name, place] as const),
      "both",
    );
  }

  /** Told once, when the next gate of a rig begins to run, and on which machine. */
  onGate(rig: string, then: (machine: string) => void): () => void {
    return listenOnce(this.#gateListeners, rig, then);
  }

  /** A gate of a rig has begun to run. */
  gateBegan(rig: string, machine: string): void {
    tellOnce(this.#gateListeners, rig, machine);
  }

  /** The machine that holds a rig's authority, as the chain at its remote says. */
  holderOf(rig: string): string | undefined {
    const tip = this.remotes.at(codeUrl(rig)).commit(authorityRef);
    const holder = /^Gastown-Holder: (\S+)\./m.exec(tip?.message ?? "")?.[1];
    if (holder !== undefined) return holder;
    const world = this.anyWorld();
    const enrolled = world && rigNamed(world, rig);
    return enrolled && holderOf(enrolled);
  }

  /** The ledger of somebody who is up: the town, else any machine. */
  anyLedger(): Ledger | undefined {
    const { town, machines } = this.world;
    return town?.ledger ?? [...machines.values()][0]?.polecats.ledger;
  }

  anyWorld(): Ledger["world"] | undefined {
    return this.anyLedger()?.world;
  }

  #process(name: string) {
    return this.world.processes.get(name);
  }

  #boot(name: string): void {
    this.see({ kind: "process", atMs: this.nowMs, of: name, isUp: true });
    this.#speaks(name, "started");
    const booting = name === townHost ? startTown(this.world) : startMachine(this.world, name);
    booting.catch((error: unknown) => {
      this.world.told(name, error, "start");
    });
  }
}
