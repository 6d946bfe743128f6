import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { changed } from "../bead-view.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt dep remove`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead that waits")
    .argument("<needs>", "the bead it waits for no longer")
    .option("-t, --type <type>", "only this type of dependency")
    .addHelpText("after", example("gt dep remove alpha-k3f9 beta-7x2m"))
    .action(
      act(async (gt, id: string, dependsOnId: string, { type = "" }: { type?: string }) => {
        const request = { requestId: gt.requestId, id, dependsOnId, type };
        await gt.tell(WorkService.method.removeDependency, request, ({ bead }) =>
          changed(`no longer needs ${dependsOnId}:`, bead),
        );
      }),
    );
};
