import { expect, test } from "vitest";
import { memoryGit } from "#services/git/memory/memory-git.ts";
import { MemoryRemote } from "#services/git/memory/remote.ts";
import { add, stateOf } from "#services/git/memory/worktrees.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { PolecatSession } from "../../rig-agent/polecat/sessions.ts";
import type { Observation } from "../invariants/observation.ts";
import { ownPath } from "./changes.ts";
import type { Endpoint, Hook, WorkerCalls } from "./endpoint.ts";
import { newHost } from "./host.ts";
import { Random } from "./random.ts";
import { SimWorkers } from "./sim-workers.ts";
import { Timeline } from "./timeline.ts";
import type { Manner, Task } from "./work.ts";

const worktree = "/vm-a/nux";
const branch = "polecat/riga-1/1.1";
const marker = "/vm-a/sessions/nux-riga-1-1-1-0";
const session: PolecatSession = {
  ...{
    version: 1 as const,
    name: "nux-riga-1-1-1-0",
    agent: "rigs/riga/polecats/nux",
    rig: "riga",
  },
  ...{ machine: "vm-a", bead: "uid", beadId: "riga-1", epoch: "1.1.0", worktree, branch },
  ...{ token: "secret", state: "running" as const, isSetUp: true, startedAtMs: 0 },
};
const steps = ["implement", "review", "submit", "exit-decision", "request-shutdown"];

/** A host with one worktree, a worker's task, and a rig-agent that takes all it is told. */
async function scratchHost(manner: Manner) {
  const timeline = new Timeline();
  const host = newHost("vm-a", true);
  const remote = new MemoryRemote({ url: "code", nowMs: timeline.nowMs });
  const remotes = new Map([["code", remote]]);
  const newNonce = () => "nonce";
  const git = memoryGit({ disk: host.git, remotes, nowMs: timeline.nowMs, newNonce });
  await git.ensureClone("code", "/vm-a/repo.git");
  const startPoint = remote.ref("main") ?? "";
  add(host.git, { repoDir: "/vm-a/repo.git", path: worktree, branch, startPoint });
  host.sessions.set(session.name, session);
  const task: Task = {
    ...{ key: "task 1", rig: "riga", priority: 2, needs: [], epic: undefined, manner },
    ...{ change: { kind: "own" }, stepMinMs: 1_000, stepMaxMs: 5_000, filedMs: 0 },
  };
  const seen: Observation[] = [];
  const workers = new SimWorkers({
    ...{ timeline, host, random: new Random(manner) },
    task: () => task,
    see: (each) => void seen.push(each),
  });
  const asked: string[] = [];
  const serve = () => {
    const process = timeline.process("vm-a");
    workers.endpoint = endpoint(process, asked, () => stateOf(host.git, worktree).dirty.length);
    return process;
  };
  const launch = { argv: ["worker"], cwd: worktree, env: { GT_SESSION: marker }, outputPath: "" };
  return { timeline, host, workers, asked, seen, task, serve, launch };
}

function endpoint(process: Endpoint["process"], asked: string[], dirty: () => number): Endpoint {
  const note = (what: string, requestId: string) => {
    asked.push(`${what} as ${requestId.split(" ").slice(1).join(" ")}`);
  };
  const hook = {
    work: { id: "riga-1", title: "task 1", claim: {} },
    molecule: { steps: steps.map((name) => ({ name, state: "ready", bead: { uid: name } })) },
    rejections: 0,
  } as unknown as Hook;
  return {
    process,
    calls: (token, requestId): WorkerCalls => {
      if (token !== session.token) throw new TownError("denied", "this session is over");
      return {
        hook: async () => hook,
        completeStep: async (step) => note(step, requestId),
        submit: async () => {
          if (dirty() > 0) throw new TownError("state", "not committed");
          note("submit", requestId);
        },
        exit: async (kind) => note(kind, requestId),
        shutdown: async () => note("shutdown", requestId),
      };
    },
  };
}

const wholeWay = ["implement as step implement", "review as step review", "submit as submit"];
const completed = [...wholeWay, "COMPLETED as exit", "shutdown as shutdown"];

test("a worker goes the whole way, commits what it does, and waits to be ended", async () => {
  const { timeline, host, workers, asked, seen, task, serve, launch } = await scratchHost("plain");
  const runtime = workers.runtime(serve());
  const started = runtime.start(launch);
  await timeline.run(120_000);
  expect(asked).toEqual(completed);
  expect(stateOf(host.git, worktree)).toMatchObject({ dirty: [], unpushed: 2 });
  expect(host.git.worktrees.get(worktree)?.files.get(ownPath(task))).toMatch(/^done task 1 /);
  expect(await runtime.isAlive(await started)).toBe(true);
  const effects = seen.flatMap((each) => (each.kind === "effect" ? [each.what] : []));
  expect(effects).toEqual(["step", "step", "submit", "exit", "shutdown"]);
  void runtime.end(await started);
  await timeline.run(130_000);
  expect(await runtime.isAlive(await started)).toBe(false);
  expect(workers.count).toBe(0);
});

test.for<{ manner: Manner; expected: readonly string[]; isAlive: boolean }>([
  { manner: "flood", expected: completed, isAlive: true },
  { manner: "late", expected: completed, isAlive: true },
  { manner: "poison", expected: [], isAlive: false },
  { manner: "crash-once", expected: [], isAlive: false },
  { manner: "escalate", expected: ["ESCALATE as exit", "shutdown as shutdown"], isAlive: true },
  {
    manner: "uncommitted",
    expected: [...wholeWay.slice(0, 2), "ESCALATE as exit", "shutdown as shutdown"],
    isAlive: true,
  },
])("work that is $manner ends so", async ({ manner, expected, isAlive }) => {
  const { timeline, workers, asked, serve, launch } = await scratchHost(manner);
  void workers.runtime(serve()).start(launch);
  await timeline.run(400_000);
  expect(asked).toEqual(expected);
  expect(workers.count).toBe(isAlive ? 1 : 0);
});

test("a worker outlives its rig-agent, is found by its marker, and asks the next one", async () => {
  const { timeline, workers, asked, serve, launch } = await scratchHost("plain");
  const first = serve();
  const { promise, resolve } = Promise.withResolvers<never>();
  void workers
    .runtime(first)
    .start(launch)
    .then(resolve as never);
  timeline.after(3, () => first.kill()); // Before it could know of what it started.
  await timeline.run(60_000);
  expect(asked).toEqual([]);
  const runtime = workers.runtime(serve());
  expect(await runtime.find(marker)).toMatchObject({ marker });
  await timeline.run(200_000);
  expect(asked).toEqual(completed);
  expect(await Promise.race([promise, Promise.resolve("never told")])).toBe("never told");
});

test("who loses the connection during a call asks again as the same request", async () => {
  const { timeline, workers, asked, serve, launch } = await scratchHost("plain");
  const first = serve();
  const calls = workers.endpoint?.calls;
  const over = timeline.process("mute");
  workers.endpoint = {
    process: first,
    calls: (token, requestId) => ({
      ...(calls?.(token, requestId) as WorkerCalls),
      completeStep: (step) => {
        asked.push(`${step} without an answer`);
        return over.wait(1_000_000);
      },
    }),
  };
  void workers.runtime(first).start(launch);
  await timeline.run(60_000, () => asked.length > 0);
  first.kill();
  serve();
  await timeline.run(200_000);
  expect(asked).toEqual(["implement without an answer", ...completed]);
});

test("a dead token opens nothing, and the power takes every worker along", async () => {
  const { timeline, host, workers, asked, seen, serve, launch } = await scratchHost("plain");
  const runtime = workers.runtime(serve());
  host.sessions.set(session.name, { ...session, token: "" });
  void runtime.start(launch);
  await timeline.run(60_000);
  expect([asked, workers.count]).toEqual([[], 0]);
  expect(host.outputs.get(session.name)?.at(-1)).toContain("gave up");
  host.sessions.set(session.name, session);
  void runtime.start(launch);
  await timeline.run(timeline.elapsedMs + 1_000);
  workers.losePower();
  await timeline.run(200_000);
  expect([asked, workers.count]).toEqual([[], 0]);
  const lives = seen.flatMap((each) => (each.kind === "worker" ? [each.what] : []));
  expect(lives).toEqual(["started", "ended", "started", "ended"]);
});
