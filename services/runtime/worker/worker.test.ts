import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type RunningWorker, type ScratchGt, type StubHook, scratchGt } from "./scratch-gt.ts";
import { type ScratchTree, scratchPatch, scratchTree } from "./scratch-tree.ts";

const patch = scratchPatch;

type Scratch = Pick<ScratchTree, "worktree" | "git"> & {
  readonly gt: ScratchGt;
  readonly start: (respawn?: number) => RunningWorker;
};

async function scratch(hook: StubHook): Promise<Scratch> {
  const tree = await scratchTree();
  const { dir, worktree, git } = tree;
  const gt = await scratchGt(join(dir, "stub"), worktree, hook);
  const workers: RunningWorker[] = [];
  onTestFinished(async () => {
    for (const worker of workers) await worker.end();
    await tree[Symbol.asyncDispose]();
  });
  return {
    gt,
    worktree,
    git,
    start: (respawn) => {
      const worker = gt.start(respawn);
      workers.push(worker);
      return worker;
    },
  };
}

/** Calls without request ids and the `--json` that each has. */
async function acts(gt: ScratchGt): Promise<string[]> {
  const calls = await gt.calls();
  return calls.map((call) => call.replace(/ --request-id .*| --json$/g, ""));
}

test("a patch polecat goes the whole way, and waits to be ended", async () => {
  const { gt, git, start } = await scratch({ runtime: "patch", patch, gates: ["cat new.txt"] });
  const worker = start();
  await worker.printed("done: request-shutdown");
  expect((await acts(gt)).map((act) => act.split(" --summary")[0])).toEqual([
    ...["prime", "hook", "mail inbox --unread", "mail read hq-1"],
    ...["load-context", "branch-setup", "implement", "commit", "self-review", "test"].map(
      (step) => `step done ${step}`,
    ),
    ...["submit", "exit completed", "shutdown"],
  ]);
  expect(await git("show", "HEAD:greet.txt")).toBe("one\nhello, you\nthree");
  expect(await git("log", "--format=%an <%ae> %s", "origin/main..HEAD")).toBe(
    "alpha/nux <nux@alpha.gastown.invalid> Greet by name (alpha-1)",
  );
  expect(await git("log", "-1", "--format=%(trailers:key=Gastown-Bead,valueonly)")).toBe("alpha-1");
  expect(await git("status", "--porcelain")).toBe("");
  expect(worker.output()).toContain("cat new.txt: passed");
  expect(await worker.end()).toBe(0);
});

test("killed after it applied the patch, it does not apply it twice", async () => {
  const { gt, git, start } = await scratch({ runtime: "patch", patch });
  await gt.rule("hold", "step done implement");
  const first = start();
  await expect
    .poll(() => acts(gt), { timeout: 20_000 })
    .toContainEqual(expect.stringContaining("done implement"));
  await first.kill();
  await gt.forget("hold", "step done implement");
  await start(1).printed("done: request-shutdown");
  const again = (await acts(gt)).filter((act) => act.startsWith("step done implement"));
  expect(again.at(-1)).toContain("the patch is applied already");
  expect(await git("rev-list", "--count", "origin/main..HEAD")).toBe("1");
  expect(await git("show", "HEAD:greet.txt")).toBe("one\nhello, you\nthree");
  const branchSetups = (await acts(gt)).filter((act) => act.startsWith("step done branch-setup"));
  expect(branchSetups).toHaveLength(1);
});

test("a shell command that was killed half way is done once, from a clean start", async () => {
  const command =
    "echo line >> log.txt; [ -e ../go ] || { echo begun; while :; do sleep 1; done; }";
  const { worktree, git, start } = await scratch({ runtime: "shell", command });
  const first = start();
  await first.printed("begun");
  expect(await readFile(join(worktree, "log.txt"), "utf8")).toBe("line\n");
  await first.kill();
  await writeFile(join(worktree, "..", "go"), "");
  await start(1).printed("done: request-shutdown");
  expect(await git("show", "HEAD:log.txt")).toBe("line");
});

test.for([
  { who: "while nobody answers", exitCode: 3 },
  { who: "while what is needed is away, as somebody answers,", exitCode: 1 },
])("$who it asks again, with the same request id", async ({ exitCode }) => {
  const { gt, start } = await scratch({ runtime: "patch", patch });
  const answer = { exitCode, reason: "unavailable", message: "no socket" };
  await gt.rule("refuse", "submit", answer);
  const worker = start();
  await worker.printed("no socket; asking again");
  await gt.forget("refuse", "submit");
  await worker.printed("done: request-shutdown");
  const submits = (await gt.calls()).filter((call) => call.startsWith("submit"));
  expect(submits.length).toBeGreaterThan(1);
  expect(new Set(submits).size).toBe(1);
});

test("asked to end in the middle of a command, it ends with it", async () => {
  const command = "echo begun; while :; do sleep 1; done";
  const { start } = await scratch({ runtime: "shell", command });
  const worker = start();
  await worker.printed("begun");
  expect(await worker.end()).toBe(1);
});
