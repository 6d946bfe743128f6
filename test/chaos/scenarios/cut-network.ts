import { times } from "../fleet.ts";
import { openNetns } from "../netns.ts";
import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileMany, fileWork } from "../work.ts";

/** A machine's cable is pulled for longer than a loss takes: its work goes on, and is done once. */
export const cutNetwork: Scenario = {
  name: "cut-network",
  faults: [17, 20],
  isFast: false,
  needs: "netns",
  run: async (stage) => {
    const netns = await openNetns(process.pid % 250);
    stage.after(netns.remove);
    await stage.join("vm-a");
    await addRig(stage);
    const far = await stage.join("vm-b", { netns });
    const held = await fileWork(stage, { name: "far", waits: true, machine: far.machine });
    await held.begun(far.machine);
    await netns.pull();
    const seen = { kind: "silence", machine: far.machine, why: "its cable is pulled" } as const;
    stage.see({ ...seen, atMs: Date.now(), isSilent: true });
    held.letGo();
    await fileMany(stage, 2);
    await stage.last(times.lostAfterMs * 2);
    await netns.plug();
    stage.see({ ...seen, atMs: Date.now(), isSilent: false });
  },
};
