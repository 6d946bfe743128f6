import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";

/** Two machines are full, and one is lost for good: the other takes what it has room for. */
export const capacityKept: Scenario = {
  name: "capacity-kept",
  faults: [53],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage, { polecatsMax: 2 });
    const held = await holdOnBoth(stage, pair, 4);
    await pair.other.powerOff();
    stage.lose(pair.other);
    await stage.event(
      "what the lost machine had is released",
      ({ op, bead, values }) =>
        op === "release" &&
        held.all.some(({ uid }) => uid === bead) &&
        /lost/.test(String(values["reason"])),
    );
    await stage.last(2_000); // It has no room: nothing may be started now.
    letAllGo(held.all);
  },
};
