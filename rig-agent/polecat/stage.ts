import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { claimBead, createBead } from "#services/ledger/drafts.ts";
import type { Cursor } from "#services/ledger/event.ts";
import { derivedUid, randomBase36 } from "#services/ledger/ids.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { type Clock, systemClock } from "#services/lifecycle/clock.ts";
import { loadRecipe, polecatWork } from "#services/molecules/library.ts";
import { processAdapter } from "#services/runtime/process-adapter.ts";
import { equip, sessionEnvironment } from "./environment.ts";
import { polecatGit } from "./git.ts";
import type { PolecatPorts } from "./ports.ts";
import type { PolecatLimits } from "./reconcile.ts";
import { sessionFiles } from "./session-files.ts";
import { openSessions } from "./sessions.ts";
import { startSupervisor } from "./supervisor.ts";

/** What a test may set; the rest is as on a machine. */
export type StageOptions = {
  /** What every worker runs: JavaScript with `say(text)`, `git(...args)`, `stay()` at hand. */
  readonly worker: string;
  readonly setup?: string;
  readonly limits?: Partial<PolecatLimits>;
  readonly clock?: Clock;
  /** `vm-a` if absent. */
  readonly machine?: string;
  /** Another machine's stage, whose remote and ledger this one shares. */
  readonly beside?: Pick<Shared, "scratch" | "ledger">;
};

type Shared = {
  readonly scratch: Awaited<ReturnType<typeof scratchRemote>>;
  readonly ledger: Ledger;
};

const nux = "rigs/alpha/polecats/nux";

/** What a stage's parts share. */
type Scenery = {
  readonly options: StageOptions;
  readonly machine: string;
  readonly dir: string;
  readonly home: string;
  readonly ledger: Ledger;
  readonly failures: string[];
  readonly ring: () => void;
};

type Running = Awaited<ReturnType<typeof begin>>;
type Change = (ports: PolecatPorts) => PolecatPorts;

/** One machine with one rig, a real ledger, remote and processes, for tests. */
export async function openStage(options: StageOptions) {
  const { machine = "vm-a", beside } = options;
  const scratch = beside?.scratch ?? (await scratchRemote());
  const home = join(scratch.dir, `home-${machine}`);
  const bell = new Set<() => void>();
  const ring = () => {
    for (const wake of bell) wake();
  };
  const heard = await listen(join(scratch.dir, `heard-${machine}`), ring);
  const ledger = beside?.ledger ?? (await openJournal(scratch.remote, home, options));
  ledger.onChange(ring);
  const failures: string[] = [];
  const scenery: Scenery = { options, machine, dir: scratch.dir, home, ledger, failures, ring };
  let running: Running | undefined;
  const close = async () => {
    running?.stop.abort();
    await running?.supervisor.ended;
    running = undefined;
  };
  return {
    scratch,
    home,
    ledger,
    failures,
    heard: heard.lines,
    /** Something happened that `until` may wait for. */
    ring,
    /** Start the supervisor, or start it anew as after a restart. */
    start: async (change?: Change) => {
      await close();
      running = await begin(scenery, change);
      return running;
    },
    /** Start anew after a kill: what ran before is not waited for. */
    startAnew: async () => {
      running?.stop.abort();
      running = await begin(scenery);
      return running;
    },
    close,
    until: <T>(holds: Holds<T>) => until(bell, holds),
    /** File a bead and claim it for this machine, as the authority does. */
    claim: (id: string, epoch: string, polecat = nux, cursor?: Cursor) =>
      claim(ledger, id, epoch, { machine, polecat, cursor }),
    [Symbol.asyncDispose]: async () => {
      await close();
      await endAll(home);
      heard.close();
      if (beside) return;
      await ledger.close();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

async function begin(scenery: Scenery, change?: Change) {
  const { options, machine, dir, home, ledger, failures, ring } = scenery;
  const stop = new AbortController();
  const store = await openSessions(home, (error) => failures.push(String(error)));
  const put: typeof store.put = async (session) => {
    await store.put(session);
    ring();
  };
  const gt = join(process.cwd(), "services/gt/main.ts");
  const surroundings = { home, socket: join(home, "agent.sock"), gt, inherited: process.env };
  const prelude = workerPrelude(join(dir, `heard-${machine}`));
  const real: PolecatPorts = {
    machine,
    home,
    ledger,
    clock: options.clock ?? systemClock,
    sessions: { ...store, put },
    runtime: processAdapter({ clock: systemClock, graceMs: 500, pollMs: 20 }),
    git: polecatGit,
    ...sessionFiles(home),
    recipe: () => loadRecipe(polecatWork),
    program: () => ({ argv: [process.execPath, "-e", `${prelude}\n${options.worker}`] }),
    environment: (session) => sessionEnvironment(session, surroundings),
    equip: (session) => equip(session, surroundings),
    newToken: () => randomBase36(32),
    signal: stop.signal,
  };
  const ports = change ? change(real) : real;
  const supervisor = startSupervisor({
    ports,
    limits: { polecatsMax: 4, respawnsMax: 3, leaveGraceMs: 60_000, ...options.limits },
    refusal: () => undefined,
    report: (error) => {
      failures.push(String(error));
      ring();
    },
    notice: ring,
  });
  return { ports, supervisor, stop };
}

type Holds<T> = () => T | undefined | false | Promise<T | undefined | false>;

/** Wait until something holds; it is looked at whenever anything happens. */
async function until<T>(bell: Set<() => void>, holds: Holds<T>): Promise<T> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<void>();
    bell.add(resolve);
    try {
      const value = await holds();
      if (value) return value;
      await promise;
    } finally {
      bell.delete(resolve);
    }
  }
}

async function openJournal(remote: string, home: string, { setup = "" }: StageOptions) {
  const files = { dir: join(home, "journal"), machine: "vm-a", disk: nodeDisk };
  const ledger = await openLedger({ ...files, nowMs: () => Date.now() });
  await ledger.append("town", [rigBead(remote, setup)]);
  return ledger;
}

async function claim(
  ledger: Ledger,
  id: string,
  epoch: string,
  to: Parameters<typeof claimBead>[2],
): Promise<string> {
  const uid = derivedUid("test", id);
  const drafts = ledger.world.bead(uid) ? [] : [createBead({ uid, id, title: `Work ${id}` })];
  const claimed = claimBead(uid, epoch, to);
  await ledger.append("rigs/alpha/authority", [...drafts, claimed]);
  return uid;
}

/** End whatever any start of the stage left running. */
async function endAll(home: string): Promise<void> {
  const runtime = processAdapter({ clock: systemClock, graceMs: 500 });
  const left = (await openSessions(home, () => {})).list();
  await Promise.all(left.map(({ process: session }) => session && runtime.end(session)));
}

function rigBead(remote: string, setup: string) {
  const rig = { name: "alpha", prefix: "al", remote, target: "main", setup };
  return createBead({
    uid: derivedUid("rig", "alpha"),
    id: "hq-rig-alpha",
    title: "alpha",
    issueType: "rig",
    fields: { "gt.rig": rig },
  });
}

async function listen(path: string, ring: () => void) {
  const lines: string[] = [];
  const server = createServer((socket) => {
    socket.on("data", (bytes) => {
      lines.push(...bytes.toString().split("\n").filter(Boolean));
      ring();
    });
  }).listen(path);
  await once(server, "listening");
  return { lines, close: () => server.close() };
}

function workerPrelude(socketPath: string): string {
  return [
    `const say = (text) => require("node:net").connect(${JSON.stringify(socketPath)})`,
    "  .end(text + '\\n');",
    "const stay = () => setInterval(() => {}, 1e6);",
    "const git = (...args) => require('node:child_process').execFileSync('git', args).toString();",
    "const { writeFileSync, readFileSync, existsSync, appendFileSync } = require('node:fs');",
  ].join("\n");
}
