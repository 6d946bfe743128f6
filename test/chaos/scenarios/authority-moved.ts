import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import type { Scenario } from "../scenario.ts";
import { authority } from "../stage.ts";
import { pairOfMachines, testing } from "../steps.ts";
import { fileMany } from "../work.ts";

/** The authority is moved to another machine while a landing is being tested, and back again. */
export const authorityMoved: Scenario = {
  name: "authority-moved",
  faults: [58, 8],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage, { gate: "sleep 2; sh check.sh" });
    const [first] = await fileMany(stage, 3);
    if (first === undefined) return;
    await testing(stage, first);
    const fleet = stage.rpc().client(FleetService);
    await fleet.moveRig({ name: "alpha", machine: pair.other.machine });
    const next = await authority(stage, pair.term);
    stage.expect(next.machine === pair.other.machine, `${next.machine} took the next term`);
    await stage.until("the town knows of that term", async () => {
      const { rig } = await fleet.getRig({ name: "alpha" });
      return Number(rig?.term) === next.term || undefined;
    });
    await fleet.moveRig({ name: "alpha", machine: pair.holder.machine });
    const last = await authority(stage, next.term);
    stage.expect(last.machine === pair.holder.machine, `${last.machine} took the last term`);
  },
};
