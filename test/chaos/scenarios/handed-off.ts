import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { Scenario } from "../scenario.ts";
import { atRemote, holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";

/** Work in its middle is handed to the other machine, which goes on with what was not committed. */
export const handedOff: Scenario = {
  name: "handed-off",
  faults: [41],
  isFast: true,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const { holder, other } = pair;
    const works = await holdOnBoth(stage, pair, 2);
    const work = works.on(holder);
    const first = await work.begun(holder.machine);
    await stage.rpc().client(WorkService).handOffBead({ id: work.id, machine: other.machine });
    const next = await work.begun(other.machine);
    stage.expect(work.drafts(first) === 1, "the first attempt began with drafts of another");
    stage.expect(next !== first, "the second attempt has the epoch of the first");
    // The shell runtime begins its command afresh, so what came along is told by the checkpoint.
    const { values } = await work.claimed(({ epoch }) => next.startsWith(`${epoch}.`));
    const { commit = "" } = (values["cursor"] ?? {}) as { readonly commit?: string };
    const held = commit === "" ? "" : await atRemote(stage, "ls-tree", "-r", "--name-only", commit);
    const isKept = held.includes(`words/of-${work.name}.draft`);
    stage.expect(isKept, "the next attempt does not begin with what was not committed");
    letAllGo(works.all);
  },
};
