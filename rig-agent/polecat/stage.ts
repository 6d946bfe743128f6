import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { claimBead, createBead } from "#services/ledger/drafts.ts";
import { derivedUid, randomBase36 } from "#services/ledger/ids.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { type Clock, systemClock } from "#services/lifecycle/clock.ts";
import { loadRecipe, polecatWork } from "#services/molecules/library.ts";
import { processAdapter } from "#services/runtime/process-adapter.ts";
import { equip, sessionEnvironment } from "./environment.ts";
import { polecatGit } from "./git.ts";
import type { PolecatPorts } from "./ports.ts";
import type { PolecatLimits } from "./reconcile.ts";
import { openSessions } from "./sessions.ts";
import { startSupervisor } from "./supervisor.ts";

/** What a test may set; the rest is as on a machine. */
export type StageOptions = {
  /** What every worker runs: JavaScript with `say(text)`, `git(...args)`, `stay()` at hand. */
  readonly worker: string;
  readonly setup?: string;
  readonly limits?: Partial<PolecatLimits>;
  readonly clock?: Clock;
};

/** One machine with one rig, a real ledger, remote and processes, for tests. */
export async function openStage(options: StageOptions) {
  const scratch = await scratchRemote();
  const home = join(scratch.dir, "home");
  const bell = new Set<() => void>();
  const ring = () => {
    for (const wake of bell) wake();
  };
  const heard = await listen(join(scratch.dir, "heard"), ring);
  const ledger = await openLedger({
    dir: join(home, "journal"),
    machine: "vm-a",
    disk: nodeDisk,
    nowMs: () => Date.now(),
  });
  ledger.onChange(ring);
  await ledger.append("town", [rigBead(scratch.remote, options.setup ?? "")]);
  const failures: string[] = [];
  let running: Awaited<ReturnType<typeof begin>> | undefined;

  async function begin(change: (ports: PolecatPorts) => PolecatPorts) {
    const stop = new AbortController();
    const store = await openSessions(home, (error) => failures.push(String(error)));
    const sessions = {
      ...store,
      put: async (session: Parameters<typeof store.put>[0]) => {
        await store.put(session);
        ring();
      },
    };
    const around = {
      home,
      socket: join(home, "agent.sock"),
      gt: join(process.cwd(), "services/gt/main.ts"),
    };
    const surroundings = { ...around, inherited: process.env };
    const prelude = workerPrelude(join(scratch.dir, "heard"));
    const ports = change({
      machine: "vm-a",
      home,
      ledger,
      clock: options.clock ?? systemClock,
      sessions,
      runtime: processAdapter({ clock: systemClock, graceMs: 500, pollMs: 20 }),
      git: polecatGit,
      recipe: () => loadRecipe(polecatWork),
      program: () => ({ argv: [process.execPath, "-e", `${prelude}\n${options.worker}`] }),
      environment: (session) => sessionEnvironment(session, surroundings),
      equip: (session) => equip(session, surroundings),
      newToken: () => randomBase36(32),
      signal: stop.signal,
    });
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
    start: async (change = (ports: PolecatPorts) => ports) => {
      await close();
      running = await begin(change);
      return running;
    },
    /** Start anew after a kill: what ran before is not waited for. */
    startAnew: async () => {
      running?.stop.abort();
      running = await begin((ports) => ports);
      return running;
    },
    close,
    /** Wait until something holds; it is looked at whenever anything happens. */
    until: async <T>(holds: () => T | undefined | false | Promise<T | undefined | false>) => {
      for (;;) {
        const { promise, resolve } = Promise.withResolvers<void>();
        bell.add(resolve);
        const value = await holds();
        if (value) {
          bell.delete(resolve);
          return value;
        }
        await promise;
        bell.delete(resolve);
      }
    },
    /** File a bead and claim it for `nux`, as the authority does. */
    claim: async (id: string, epoch: string, polecat = "rigs/alpha/polecats/nux") => {
      const uid = derivedUid("test", id);
      const drafts = ledger.world.bead(uid) ? [] : [createBead({ uid, id, title: `Work ${id}` })];
      const claim = claimBead(uid, epoch, { machine: "vm-a", polecat });
      await ledger.append("rigs/alpha/authority", [...drafts, claim]);
      return uid;
    },
    [Symbol.asyncDispose]: async () => {
      await close();
      const runtime = processAdapter({ clock: systemClock, graceMs: 500 });
      const left = (await openSessions(home, () => {})).list();
      await Promise.all(left.map(({ process: session }) => session && runtime.end(session)));
      heard.close();
      await ledger.close();
      await scratch[Symbol.asyncDispose]();
    },
  };
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
