import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { runGit } from "#services/git/run-git.ts";
import type { Scenario } from "../scenario.ts";
import { addRig, authority } from "../stage.ts";
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
    const { stdout } = await runGit(["rev-parse", "main"], { cwd: backup });
    const main = await atRemote(stage, "rev-parse", "main");
    stage.expect(main === stdout.trim(), "main moved before anything was worked");
    const clone = join(vm.home, "rigs", "alpha", "repo.git");
    // Whoever restored it puts back what the machines' clones still have.
    await runGit(["push", "--quiet", remote, `${tip}:refs/heads/main`], { cwd: clone });
    const { term } = await authority(stage, 2);
    stage.expect(term > 2, "the term was not established above all that were seen");
  },
};
