import { expect, test } from "vitest";
import { writeFiles } from "#services/git/scratch-remote.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { inbox } from "#services/mail/mail.ts";
import { checkpoint, runCheckpoints } from "./checkpoint.ts";
import { latest } from "./evidence.ts";
import type { PolecatGit } from "./ports.ts";
import { pushBranch } from "./push-branch.ts";
import { workerOf } from "./sessions.ts";
import { openStage } from "./stage.ts";
import { answerFor, healthOf, noProgressMs, observe } from "./status.ts";

const nux = "rigs/alpha/polecats/nux";
const never = new AbortController().signal;

test.for([
  ["running", { state: "running" }, "working"],
  ["silent", { state: "running", silentMs: noProgressMs }, "stuck"],
  ["in trouble", { state: "starting", trouble: true }, "stuck"],
  ["starting", { state: "starting" }, "idle"],
  ["left, but not ended yet", { state: "running", hasLeft: true }, "done"],
  ["ended", { state: "ended" }, "done"],
] as const)("%s is %s", ([, of, expected]) => {
  expect(healthOf({ hasLeft: false, trouble: false, silentMs: 0, ...of })).toBe(expected);
});

test("the latest sign counts, and none that is older than the session", () => {
  const signs = [
    { what: "output", atMs: 5 },
    { what: "commit", atMs: 9 },
    { what: "step test", atMs: 3 },
  ];
  expect(latest(signs, 4)).toEqual({ what: "commit", atMs: 9 });
  expect(latest(signs, 10)).toEqual({ what: "started", atMs: 10 });
});

test("a polecat can be looked at, read, and spoken to", async () => {
  await using stage = await openStage({
    worker: "for (const n of [1, 2, 3]) console.log('line ' + n); say('up'); stay();",
  });
  const { ports } = await stage.start();
  await stage.claim("al-1", "1.1");
  await stage.until(() => stage.heard.length === 1 && ports.sessions.get("nux-al-1-1-1-0"));
  await stage.until(() => ports.sessions.get("nux-al-1-1-1-0")?.state === "running");
  const answers = answerFor(ports);
  expect(await answers.peek({ agent: nux, lines: 2 })).toEqual({ output: ["line 2", "line 3"] });
  const { lines, nextByte } = await answers.logs({ agent: nux, fromByte: -1 });
  expect(lines).toEqual(["line 1", "line 2", "line 3"]);
  expect(await answers.logs({ agent: nux, fromByte: nextByte })).toEqual({ lines: [], nextByte });
  const { delivered } = await answers.nudge({
    agent: nux,
    message: "how is it going?",
    id: "n1",
  });
  expect(delivered).toBe(`${nux}'s mail`);
  const letter = inbox(stage.ledger.world, nux).find(({ title }) => title === "NUDGE");
  expect(letter?.fields["description"]).toBe("how is it going?");
  const stranger = answers.peek({ agent: "rigs/alpha/polecats/slit", lines: 2 });
  await expect(stranger).rejects.toMatchObject({ reason: "not_found" });

  const stop = new AbortController();
  const seen = Promise.withResolvers<void>();
  // Whoever waits on the clock has ended its first round.
  const after = () => {
    seen.resolve();
    return () => {};
  };
  const clock = { nowMs: Date.now, after };
  const observed = { ...ports, clock, signal: stop.signal };
  const observer = observe(
    observed,
    () => undefined,
    () => {},
  );
  await seen.promise;
  expect(observer.polecats()[0]).toMatchObject({
    agent: nux,
    bead: "al-1",
    epoch: "1.1.0",
    health: "working",
    step: "load-context",
  });
  stop.abort();
  await observer.actor.ended;
});

test("a worker's branch is pushed for it, and what it changes a minute later", async () => {
  await using stage = await openStage({
    worker:
      "writeFileSync('a.txt', 'a'); git('add', '-A'); git('commit', '-qm', 'a'); say('1'); stay();",
  });
  const { ports } = await stage.start();
  await stage.claim("al-1", "1.1");
  const session = await stage.until(() => {
    const found = ports.sessions.get("nux-al-1-1-1-0");
    return stage.heard.length === 1 && found?.state === "running" && found;
  });
  const worker = workerOf(session);
  const pushed = await pushBranch(ports, worker, never);
  expect(pushed).toMatchObject({ ahead: 1, dirty: [] });
  expect(await stage.scratch.ref("refs/heads/polecat/al-1/1.1")).toBe(pushed.commit);
  expect(await checkpoint(ports, worker, never)).toBeUndefined();

  await writeFiles(session.worktree, { "b.txt": "b" });
  expect(await pushBranch(ports, worker, never)).toMatchObject({ dirty: ["b.txt"] });
  const clock = new ManualClock(0);
  const stop = new AbortController();
  const done = Promise.withResolvers<void>();
  const git: PolecatGit = {
    ...ports.git,
    snapshot: async (path) => {
      const content = await ports.git.snapshot(path);
      setImmediate(() => clock.advance(20_000)); // The loop goes to wait in between.
      return content;
    },
    pushCheckpoint: async (wanted) => {
      const commit = await ports.git.pushCheckpoint(wanted);
      done.resolve();
      return commit;
    },
  };
  const actor = runCheckpoints({ ...ports, git, clock, signal: stop.signal }, () => {});
  await done.promise;
  expect(await stage.scratch.ref("refs/gastown/checkpoint/al-1/1.1:b.txt")).toBeDefined();
  expect(clock.nowMs()).toBeGreaterThanOrEqual(60_000);
  stop.abort();
  await actor.ended;
});
