import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { rigTable } from "../fleet-view.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt rig list`. */
export const declare: Declare = (command, act) => {
  command
    .addHelpText("after", example("gt rig list"))
    .action(
      act(async (gt) =>
        gt.tell(FleetService.method.listRigs, {}, ({ rigs }) =>
          rigs.length === 0
            ? "no rigs; `gt rig add <name> <path or URL>` takes one up"
            : rigTable(rigs, gt.terminal),
        ),
      ),
    );
};
