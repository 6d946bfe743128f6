import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { changed } from "./bead-view.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt reopen`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead")
    .option("-r, --reason <text>", "why it is not done with")
    .addHelpText("after", example('gt reopen alpha-k3f9 --reason "the fix does not hold"'))
    .action(
      act(async (gt, id: string, { reason = "" }: { reason?: string }) =>
        gt.tell(
          WorkService.method.reopenBead,
          { requestId: gt.requestId, id, reason },
          ({ bead }) => changed("reopened", bead),
        ),
      ),
    );
};
