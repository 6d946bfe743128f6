import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { atRemote } from "../steps.ts";
import { fileMany, fileWork } from "../work.ts";

/** Somebody deletes the ref that says who may land; it is made again, and nothing is lost. */
export const authorityRefDeleted: Scenario = {
  name: "authority-ref-deleted",
  faults: [48],
  isFast: false,
  run: async (stage) => {
    await stage.join("vm-a");
    await addRig(stage);
    await (await fileWork(stage, { name: "first" })).landed();
    const held = await fileWork(stage, { name: "held", waits: true });
    await held.begun();
    await atRemote(stage, "update-ref", "-d", "refs/gastown/authority");
    stage.forgiveChain();
    held.letGo();
    await fileMany(stage, 2);
  },
};
