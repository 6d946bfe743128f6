import { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { oneLine } from "./one-line.ts";
import { type Declare, example } from "./verb.ts";

/** The branch is pushed first, which a slow remote may draw out. */
const submitTimeoutMs = 5 * 60_000;

/** Declare `gt submit`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[bead]", "the bead; your own if absent")
    .addHelpText("after", example("gt submit"))
    .action(
      act(async (gt, bead = "") => {
        const request = { requestId: gt.requestId, bead: String(bead) };
        await gt.tell(
          MergeQueueService.method.submitMergeRequest,
          request,
          ({ mergeRequest }) => {
            if (mergeRequest === undefined) return "submitted";
            const { id, bead: of, state, position } = mergeRequest;
            const place = position > 0 ? `, number ${position} in the queue` : "";
            return oneLine(`submitted ${id} for ${of}: ${state}${place}`);
          },
          { timeoutMs: submitTimeoutMs },
        );
      }),
    );
};
