import { commitAll, edit, standing, stateOf } from "#services/git/memory/worktrees.ts";
import { agentPerson } from "#services/identity/person.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import { derivedBase36 } from "#services/ledger/ids.ts";
import { mergeRequestUid } from "#services/molecules/leave.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import type { PolecatSession } from "../../rig-agent/polecat/sessions.ts";
import type { Effect } from "../invariants/observation.ts";
import { type Before, changesFor, reviewFor } from "./changes.ts";
import type { Endpoint, Hook, WorkerCalls } from "./endpoint.ts";
import type { Host } from "./host.ts";
import type { Random } from "./random.ts";
import type { SimProcess } from "./timeline.ts";
import type { Task } from "./work.ts";

/** End a worker's process by itself. */
export type Crash = (code: number) => void;

/** What one worker is, and what it has to work with. */
export type WorkerPorts = {
  readonly process: SimProcess;
  readonly random: Random;
  readonly session: PolecatSession;
  readonly worktree: string;
  readonly host: Host;
  readonly task: (title: string) => Task | undefined;
  readonly endpoint: () => Endpoint | undefined;
  readonly see: (effect: Omit<Effect, "kind" | "atMs">) => void;
  readonly crash: Crash;
};

/** The worker cannot go on by itself: a human has to judge. */
class Halt extends Error {
  override readonly name = "Halt";
}

const retryMs = [500, 1_000, 2_000, 4_000, 5_000];

/** Do by rote what the worker of `services/runtime/worker` does, in simulated time. */
export async function walkAsWorker(ports: WorkerPorts): Promise<void> {
  const worker = new SimWorker(ports);
  try {
    await worker.walk();
  } catch (error) {
    worker.say(`gave up: ${error instanceof Error ? error.message : String(error)}`);
    ports.crash(1);
  }
}

class SimWorker {
  readonly #ports: WorkerPorts;

  constructor(ports: WorkerPorts) {
    this.#ports = ports;
  }

  async walk(): Promise<void> {
    try {
      await this.#work();
    } catch (error) {
      if (isTownError(error, "stale")) this.say(`stopping: ${error.message}`);
      else if (error instanceof Halt || isTownError(error, "state", "invalid")) {
        this.say(`cannot go on: ${error.message}`);
        await this.#leave("ESCALATE", error.message);
      } else throw error;
      await this.#shutdown();
    }
    // It never exits by itself.
  }

  say(line: string): void {
    const { host, session, process } = this.#ports;
    const lines = host.outputs.get(session.name) ?? [];
    lines.push(line);
    host.outputs.set(session.name, lines);
    host.signs.set(`output ${session.name}`, process.clock.nowMs());
  }

  async #work(): Promise<void> {
    await this.#pause(200, 1_500);
    const hook = await this.#ask("hook", (calls) => calls.hook());
    const task = this.#ports.task(hook.work.title);
    if (!task) throw new Halt(`nobody knows what ${hook.work.title} is`);
    this.say(`on the hook: ${hook.work.id}`);
    for (const { name, state, bead } of hook.molecule.steps) {
      if (state === "done") continue;
      if (name === "submit") await this.#submit(task, hook);
      else if (name === "exit-decision") await this.#leave("COMPLETED", `did ${task.key}`);
      else if (name === "request-shutdown") await this.#shutdown();
      else await this.#step(task, hook, { name, uid: bead.uid });
      this.say(`done: ${name}`);
    }
  }

  async #step(task: Task, hook: Hook, step: { name: string; uid: string }): Promise<void> {
    if (step.name === "implement") await this.#implement(task, hook);
    else {
      await this.#pause(task.stepMinMs, task.stepMaxMs);
      this.#change(reviewFor(task, this.#before(hook)));
    }
    if (task.manner !== "uncommitted") this.#commit(`${task.key}: ${step.name}`);
    const act = (calls: WorkerCalls) => calls.completeStep(step.name, `did ${step.name}`);
    await this.#effect("step", step.uid, () => this.#ask(`step ${step.name}`, act));
  }

  async #implement(task: Task, hook: Hook): Promise<void> {
    const { random, session } = this.#ports;
    const isFirst = hook.work.claim?.respawn === undefined || hook.work.claim.respawn === 0;
    await this.#pause(task.stepMinMs / 2, task.stepMaxMs / 2);
    this.#change(changesFor(task, this.#before(hook), true));
    const dies = task.manner === "poison" || (task.manner === "crash-once" && isFirst);
    if (dies) {
      this.say(`Segmentation fault in ${session.name}`);
      this.#ports.crash(139);
    }
    if (task.manner === "escalate") throw new Halt(`${task.key} needs a human's judgement`);
    if (task.manner === "flood") await this.#flood(random.int(3, 8));
    await this.#pause(task.stepMinMs / 2, task.stepMaxMs / 2);
    this.#change(changesFor(task, this.#before(hook)));
  }

  async #flood(times: number): Promise<void> {
    for (let left = times; left > 0; left -= 1) {
      for (let line = 0; line < 500; line += 1) this.say("all work and no play");
      await this.#pause(300, 600);
    }
  }

  async #submit(task: Task, hook: Hook): Promise<void> {
    if (task.manner === "late") await this.#pause(30_000, 150_000);
    const { bead, epoch } = this.#ports.session;
    const request = mergeRequestUid(bead, epoch);
    await this.#effect("submit", request, async () => {
      try {
        await this.#ask("submit", (calls) => calls.submit());
      } catch (error) {
        // A person would have been told to commit what is not; that is a request of its own.
        if (!isTownError(error, "state") || task.manner === "uncommitted") throw error;
        if (stateOf(this.#ports.host.git, this.#ports.worktree).dirty.length === 0) throw error;
        this.#commit(`${hook.work.id}: what was left`);
        await this.#ask("submit again", (calls) => calls.submit());
      }
    });
  }

  async #leave(kind: "COMPLETED" | "ESCALATE", summary: string): Promise<void> {
    const { bead } = this.#ports.session;
    const act = (calls: WorkerCalls) => calls.exit(kind, summary.slice(0, 500));
    await this.#effect("exit", bead, () => this.#ask("exit", act));
  }

  async #shutdown(): Promise<void> {
    const { bead } = this.#ports.session;
    const act = (calls: WorkerCalls) => calls.shutdown();
    await this.#effect("shutdown", bead, () => this.#ask("shutdown", act));
  }

  async #effect(what: Effect["what"], of: string, work: () => Promise<unknown>): Promise<void> {
    const { machine, agent, bead, epoch } = this.#ports.session;
    const seen = { what, machine, agent, bead, epoch, of };
    try {
      await work();
      this.#ports.see({ ...seen, accepted: true });
    } catch (error) {
      if (isTownError(error)) this.#ports.see({ ...seen, accepted: false });
      throw error;
    }
  }

  /** Ask until somebody answers; the same act is the same request, however often it is tried. */
  async #ask<T>(act: string, call: (calls: WorkerCalls) => Promise<T>): Promise<T> {
    const { session } = this.#ports;
    const attempt = derivedBase36(12, session.beadId, session.epoch);
    for (let tries = 0; ; tries += 1) {
      try {
        await this.#pause(1, 4);
        return await this.#call(`${attempt} ${act}`, call);
      } catch (error) {
        if (!isTownError(error, "unavailable")) throw error;
        const waitMs = retryMs[Math.min(tries, retryMs.length - 1)] ?? 5_000;
        await this.#pause(waitMs, waitMs);
      }
    }
  }

  /** One call over the socket, which breaks where the rig-agent dies. */
  #call<T>(requestId: string, call: (calls: WorkerCalls) => Promise<T>): Promise<T> {
    const { process, session } = this.#ports;
    const endpoint = this.#ports.endpoint();
    if (!endpoint?.process.isAlive) {
      return Promise.reject(new TownError("unavailable", "nobody answers at the socket"));
    }
    return new Promise((resolve, reject) => {
      const broken = new TownError("unavailable", "the connection broke");
      const over = endpoint.process.onEnd(() => process.deliver(() => reject(broken)));
      const answer = async () => {
        try {
          const value = await call(endpoint.calls(session.token, requestId));
          process.deliver(() => resolve(value));
        } catch (error) {
          process.deliver(() => reject(error));
        }
        over();
      };
      endpoint.process.deliver(() => void answer());
    });
  }

  #before(hook: Hook): Before {
    const { host, worktree, session } = this.#ports;
    const { files } = standing(host.git, worktree).tree;
    return { files, epoch: claimEpoch(session.epoch), rejections: hook.rejections };
  }

  #change(changes: Record<string, string>): void {
    const { host, worktree, process } = this.#ports;
    if (Object.keys(changes).length === 0) return;
    edit(host.git, worktree, changes);
    host.signs.set(`change ${worktree}`, process.clock.nowMs());
  }

  #commit(message: string): void {
    const { host, worktree, session, process } = this.#ports;
    if (stateOf(host.git, worktree).dirty.length === 0) return;
    const ports = { disk: host.git, nowMs: process.clock.nowMs };
    commitAll(ports, worktree, { message, author: agentPerson(session.agent) });
    host.signs.set(`commit ${worktree}`, process.clock.nowMs());
  }

  #pause(minMs: number, maxMs: number): Promise<void> {
    const { random, process } = this.#ports;
    return process.wait(random.int(Math.round(minMs), Math.round(maxMs)));
  }
}
