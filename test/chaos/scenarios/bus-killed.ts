import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileWork } from "../work.ts";

/** The bus is killed and stays away for a landing; then it comes back with what it stored. */
export const busKilled: Scenario = {
  name: "bus-killed",
  faults: [21],
  isFast: true,
  run: async (stage) => {
    const { bus } = stage.fleet;
    await stage.join("vm-a");
    await addRig(stage);
    const first = await fileWork(stage, { name: "first", waits: true });
    await first.begun();
    await bus.kill();
    first.letGo();
    const second = await fileWork(stage, { name: "second" });
    await first.landed();
    await second.landed();
    await bus.start();
    await fileWork(stage, { name: "third" });
  },
};
