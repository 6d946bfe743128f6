import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { machineTable } from "../fleet-view.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt machine list`. */
export const declare: Declare = (command, act) => {
  command
    .option("--filter <expression>", "an AIP-160 filter")
    .addHelpText("after", example("gt machine list"))
    .action(
      act(async (gt, { filter = "" }: { filter?: string }) =>
        gt.tell(FleetService.method.listMachines, { filter }, ({ machines }) =>
          machines.length === 0
            ? "no machines; `gt join` makes one join"
            : machineTable(machines, gt.terminal),
        ),
      ),
    );
};
