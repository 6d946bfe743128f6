import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { atRemote, humanPush, testing } from "../steps.ts";
import { fileMany } from "../work.ts";

/** People push to main while candidates are being tested; nothing of theirs or ours is lost. */
export const humanPushes: Scenario = {
  name: "human-pushes",
  faults: [34],
  isFast: true,
  run: async (stage) => {
    await stage.join("vm-a");
    await addRig(stage, { gate: "sleep 1; sh check.sh" });
    const works = await fileMany(stage, 3);
    const pushed: string[] = [];
    for (const work of works) {
      await testing(stage, work);
      pushed.push(await humanPush(stage, work.name));
    }
    for (const work of works) await work.landed();
    for (const commit of pushed) {
      const on = await atRemote(stage, "branch", "--contains", commit, "--list", "main");
      stage.expect(on !== "", `what a person pushed is no more on main: ${commit}`);
    }
  },
};
