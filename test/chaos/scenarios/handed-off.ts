import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";

/** Work in its middle is handed to the other machine, which goes on with what was not committed. */
export const handedOff: Scenario = {
  name: "handed-off",
  faults: [41],
  isFast: true,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const { holder, other } = pair;
    const held = await holdOnBoth(stage, pair, 2);
    const work = held.on(holder);
    const first = await work.begun(holder.machine);
    await stage.rpc().client(WorkService).handOffBead({ id: work.id, machine: other.machine });
    const next = await work.begun(other.machine);
    stage.expect(work.drafts(first) === 1, "the first attempt began with drafts of another");
    stage.expect(work.drafts(next) === 2, "what the first attempt had not committed was lost");
    letAllGo(held.all);
  },
};
