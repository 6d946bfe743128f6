import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { oneLine } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt machine uncordon`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "the machine")
    .addHelpText("after", example("gt machine uncordon vm-a"))
    .action(
      act(async (gt, name: string) => {
        const request = { requestId: gt.requestId, name };
        await gt.tell(
          FleetService.method.uncordonMachine,
          request,
          () => `${oneLine(name)} takes work again`,
        );
      }),
    );
};
