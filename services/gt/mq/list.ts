import { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { ago } from "../elapsed.ts";
import { paintMergeState } from "../glyphs.ts";
import { oneLine } from "../one-line.ts";
import { table } from "../table.ts";
import { short } from "../tree-view.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt mq list`. */
export const declare: Declare = (command, act) => {
  command
    .option("--rig <name>", "only of this rig")
    .option("-a, --all", "settled ones too")
    .addHelpText("after", example("gt mq list --rig alpha"))
    .action(
      act(async (gt, { rig = "", all = false }: { rig?: string; all?: boolean }) => {
        const { paint, nowMs, columns } = gt.terminal;
        await gt.tell(MergeQueueService.method.listMergeRequests, { rig, all }, (response) => {
          const { mergeRequests } = response;
          if (mergeRequests.length === 0) return "the queue is empty; --all shows settled requests";
          const rows = mergeRequests.map((request) => [
            request.position === 0 ? "" : String(request.position),
            oneLine(request.id),
            oneLine(request.bead),
            paintMergeState(request.state, paint),
            oneLine(short(request.worker)),
            oneLine(request.landedCommit || request.commit).slice(0, 12),
            ago(request.settleTime ?? request.submitTime, nowMs()),
            oneLine(request.reason),
          ]);
          return table(queueColumns, rows, columns());
        });
      }),
    );
};

const queueColumns = [
  { head: "#", align: "right" },
  { head: "ID", gives: 4 },
  { head: "BEAD", gives: 3 },
  { head: "STATE" },
  { head: "WORKER", gives: 2 },
  { head: "COMMIT" },
  { head: "SINCE", align: "right" },
  { head: "REASON", gives: 1 },
] as const;
