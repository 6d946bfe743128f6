import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { beadTable } from "./bead-view.ts";
import { count } from "./options.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt ready`. */
export const declare: Declare = (command, act) => {
  command
    .option("--rig <name>", "only of this rig")
    .option("-n, --number <count>", "at most this many", count, 100)
    .addHelpText("after", example("gt ready --rig alpha"))
    .action(
      act(async (gt, { rig = "", number }: { rig?: string; number: number }) =>
        gt.tell(WorkService.method.listReadyBeads, { rig, pageSize: number }, ({ beads }) =>
          beads.length === 0
            ? "nothing is ready; `gt explain <id>` says why a bead is not"
            : beadTable(beads, gt.terminal),
        ),
      ),
    );
};
