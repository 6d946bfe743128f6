import { join } from "node:path";
import { runGit } from "#services/git/run-git.ts";
import type { Scenario } from "../scenario.ts";
import { addRig, type Stage } from "../stage.ts";
import { atRemote } from "../steps.ts";
import { fileMany, fileWork } from "../work.ts";

/** Somebody forces main back behind what landed, sees it, and merges the lost commits again. */
export const remoteRewound: Scenario = {
  name: "remote-rewound",
  faults: [30],
  isFast: false,
  run: async (stage) => {
    await stage.join("vm-a");
    await addRig(stage);
    const before = await atRemote(stage, "rev-parse", "main");
    await (await fileWork(stage, { name: "first" })).landed();
    const tip = await atRemote(stage, "rev-parse", "main");
    const works = await fileMany(stage, 2);
    await atRemote(stage, "update-ref", "refs/heads/main", before);
    await Promise.race([...works.map((work) => work.landed()), stage.last(6_000)]);
    await putBack(stage, tip);
  },
};

async function putBack(stage: Stage, tip: string): Promise<void> {
  const dir = join(stage.home, "people", "put-back");
  const name = ["-c", "user.name=A person", "-c", "user.email=person@example.invalid"];
  const run = (cwd: string, ...args: string[]) => runGit(args, { cwd, signal: stage.signal });
  await run(stage.home, "clone", "--quiet", stage.git.dir("alpha"), dir);
  await stage.until("what was lost is merged again", async () => {
    await run(dir, "fetch", "--quiet", "origin");
    await run(dir, "checkout", "--quiet", "--detach", "origin/main");
    await run(dir, ...name, "merge", "--quiet", "-m", "Put back what was lost", tip);
    const push = ["push", "--quiet", "origin", "HEAD:refs/heads/main"];
    return (await runGit(push, { cwd: dir, okCodes: [0, 1] })).code === 0 || undefined;
  });
}
