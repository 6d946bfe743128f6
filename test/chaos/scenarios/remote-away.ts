import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";
import { fileWork } from "../work.ts";

/** All git remotes are away while polecats finish; they hold what they have until it can go. */
export const remoteAway: Scenario = {
  name: "remote-away",
  faults: [28],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair, 3);
    stage.git.on(() => "away");
    letAllGo(held.all);
    await fileWork(stage, { name: "filed-while-away" });
    await stage.last(6_000);
    const landed = stage.journals.events().some(({ values }) => values["kind"] === "merged");
    stage.expect(!landed, "something was closed as merged while its remote was away");
    stage.git.on();
  },
};
