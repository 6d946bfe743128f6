import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { runGit } from "#services/git/run-git.ts";
import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { atRemote } from "../steps.ts";
import { fileMany, fileWork } from "../work.ts";

/** The code remote is restored from an older backup; a person pushes again what it lost. */
export const remoteRestored: Scenario = {
  name: "remote-restored",
  faults: [46],
  isFast: false,
  run: async (stage) => {
    const vm = await stage.join("vm-a");
    await addRig(stage);
    await (await fileWork(stage, { name: "first" })).landed();
    const remote = stage.git.dir("alpha");
    const backup = join(stage.home, "backup-alpha.git");
    await cp(remote, backup, { recursive: true });
    await vm.kill();
    await vm.start(); // A term that the backup does not know.
    await (await fileWork(stage, { name: "second" })).landed();
    const tip = await atRemote(stage, "rev-parse", "main");
    stage.git.on(({ repo }) => (repo === "alpha" ? "away" : undefined));
    await rm(remote, { recursive: true });
    await cp(backup, remote, { recursive: true });
    stage.forgiveChain();
    stage.git.on();
    await fileMany(stage, 2, { prefix: "after" });
    await stage.last(4_000);
    const main = await atRemote(stage, "rev-parse", "main");
    const first = await atRemote(stage, "rev-list", "--count", "main");
    stage.expect(first === "2", `main moved to ${main} under a term that is older than the last`);
    const clone = join(vm.home, "rigs", "alpha", "repo.git");
    await runGit(["push", "--quiet", remote, `${tip}:refs/heads/main`], { cwd: clone });
  },
};
