import { SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import { oneLine } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";
import { salvageTimeoutMs } from "./salvage-view.ts";

/** Declare `gt salvage restore`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "<bead>@<epoch>, or the bead's id where there is one alone")
    .option("--branch <name>", "put it on this new branch instead")
    .addHelpText(
      "after",
      example(
        "gt salvage restore alpha-k3f9@4.2",
        "gt salvage restore alpha-k3f9@4.2 --branch try",
      ),
    )
    .action(
      act(async (gt, name: string, { branch = "" }: { branch?: string }) => {
        const method = SalvageService.method.restoreSalvage;
        const { requestId } = gt;
        await gt.tell(
          method,
          { requestId, name, branch },
          ({ salvage }) =>
            branch === ""
              ? oneLine(`the next worker of ${salvage?.bead} goes on from ${salvage?.name}`)
              : oneLine(`${salvage?.name} is on branch ${branch} of ${salvage?.rig}`),
          { timeoutMs: salvageTimeoutMs },
        );
      }),
    );
};
