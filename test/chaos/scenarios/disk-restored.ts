import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileMany, fileWork } from "../work.ts";

/** A machine dies, and comes back with its disk as it was before half of what it did. */
export const diskRestored: Scenario = {
  name: "disk-restored",
  faults: [49],
  isFast: false,
  run: async (stage) => {
    const vm = await stage.join("vm-a");
    await addRig(stage);
    await (await fileWork(stage, { name: "first" })).landed();
    const held = await fileWork(stage, { name: "held", waits: true });
    await held.begun();
    const snapshot = join(stage.home, "snapshot");
    vm.pause();
    await cp(vm.home, snapshot, { recursive: true, verbatimSymlinks: true, filter: isNoSocket });
    vm.resume();
    await (await fileWork(stage, { name: "second" })).landed();
    await stage.atRemote(vm, "what was written since the snapshot is pushed");
    await vm.powerOff();
    await rm(vm.home, { recursive: true });
    await cp(snapshot, vm.home, { recursive: true, verbatimSymlinks: true });
    await vm.start();
    held.letGo();
    await fileMany(stage, 2);
  },
};

function isNoSocket(path: string): boolean {
  return !path.endsWith(".sock");
}
