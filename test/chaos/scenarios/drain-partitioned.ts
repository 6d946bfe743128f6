import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";

/** A machine is drained that nobody can reach: it is not done before it said so itself. */
export const drainPartitioned: Scenario = {
  name: "drain-partitioned",
  faults: [43, 17],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair, 2);
    const { other } = pair;
    for (const link of other.links.all) link.cut();
    const fleet = stage.rpc().client(FleetService);
    await fleet.drainMachine({ name: other.machine, deadlineSeconds: 60 });
    const drain = async () => (await fleet.getMachine({ name: other.machine })).machine?.drain;
    await stage.last(3_000);
    stage.expect((await drain())?.doneTime === undefined, "a machine out of reach was drained");
    for (const link of other.links.all) link.heal();
    letAllGo(held.all);
    await stage.until("the drain is done", async () => (await drain())?.doneTime);
  },
};
