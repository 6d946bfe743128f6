import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { changed } from "../bead-view.ts";
import { oneLine } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";
import { unknownType } from "./unknown-edge.ts";

/** Declare `gt dep add`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead that waits")
    .argument("<needs>", "the bead it waits for")
    .option("-t, --type <type>", "blocks, related, discovered-from, waits-for, …", "blocks")
    .addHelpText("after", example("gt dep add alpha-k3f9 beta-7x2m"))
    .action(
      act(async (gt, id: string, dependsOnId: string, { type }: { type: string }) => {
        const request = { requestId: gt.requestId, id, dependency: { dependsOnId, type } };
        await gt.tell(WorkService.method.addDependency, request, ({ bead }) =>
          changed(`${type} ${dependsOnId}:`, bead),
        );
        const notice = unknownType(type);
        if (notice !== undefined) gt.terminal.writeError(`gt: ${oneLine(notice)}\n`);
      }),
    );
};
