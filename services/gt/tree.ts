import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { renderTree } from "./tree-view.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt tree`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the epic, or any bead")
    .addHelpText("after", example("gt tree hq-k3f9"))
    .action(
      act(async (gt, id: string) =>
        gt.tell(WorkService.method.getBeadTree, { id }, ({ root }) => {
          const { nowMs, columns, paint } = gt.terminal;
          return root === undefined ? "" : renderTree(root, nowMs(), columns(), paint, true);
        }),
      ),
    );
};
