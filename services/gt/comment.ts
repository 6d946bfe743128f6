import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { changed } from "./bead-view.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt comment`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead")
    .argument("<text>", "the remark; - reads it from standard input")
    .addHelpText("after", example('gt comment alpha-k3f9 "see the note in the README"'))
    .action(
      act(async (gt, id: string, given: string) => {
        const text = given === "-" ? await gt.terminal.readInput() : given;
        const request = { requestId: gt.requestId, id, text };
        await gt.tell(WorkService.method.addComment, request, ({ bead }) =>
          changed("commented on", bead),
        );
      }),
    );
};
