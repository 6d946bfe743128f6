import { SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import { oneLine } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";
import { salvageTimeoutMs } from "./salvage-view.ts";

/** Declare `gt salvage release`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "<bead>@<epoch>, or the bead's id where there is one alone")
    .addHelpText("after", example("gt salvage release alpha-k3f9@4.2"))
    .action(
      act(async (gt, name: string) => {
        const method = SalvageService.method.releaseSalvage;
        const { requestId } = gt;
        await gt.tell(
          method,
          { requestId, name },
          ({ salvage }) =>
            oneLine(`${salvage?.name} is let go of; until it is collected, restore takes it up`),
          { timeoutMs: salvageTimeoutMs },
        );
      }),
    );
};
