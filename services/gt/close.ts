import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { changed } from "./bead-view.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt close`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead")
    .option("-r, --reason <text>", "why it is done with")
    .addHelpText("after", example('gt close alpha-k3f9 --reason "done by hand"'))
    .action(
      act(async (gt, id: string, { reason = "" }: { reason?: string }) =>
        gt.tell(WorkService.method.closeBead, { requestId: gt.requestId, id, reason }, ({ bead }) =>
          changed("closed", bead),
        ),
      ),
    );
};
