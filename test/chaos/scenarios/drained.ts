import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { sessionsIn } from "../quiet.ts";
import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";
import { fileMany } from "../work.ts";

/** The machine with the authority is drained: it hands that over, and is done only at zero. */
export const drained: Scenario = {
  name: "drained",
  faults: [43],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const { holder, other } = pair;
    const held = await holdOnBoth(stage, pair, 3);
    const fleet = stage.rpc().client(FleetService);
    await fleet.drainMachine({ name: holder.machine, deadlineSeconds: 60 });
    const drain = async () => (await fleet.getMachine({ name: holder.machine })).machine?.drain;
    stage.expect((await drain())?.doneTime === undefined, "it was drained with work in hand");
    const more = await fileMany(stage, 2);
    for (const work of more) {
      const claim = await work.claimed();
      stage.expect(claim.values["machine"] === other.machine, `${work.id} went to a draining one`);
    }
    letAllGo(held.all);
    const done = await stage.until("the drain is done", async () => (await drain())?.doneTime);
    const atMs = Number(done.seconds) * 1_000 + done.nanos / 1e6;
    for (const { name, endedAtMs = Infinity } of await sessionsIn(holder)) {
      stage.expect(endedAtMs <= atMs + 50, `the drain was done before ${name} had ended`);
    }
  },
};
