import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { oneLine } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";
import { lastTakerLines } from "./takers.ts";

/** Declare `gt machine cordon`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "the machine")
    .addHelpText("after", example("gt machine cordon vm-a"))
    .action(
      act(async (gt, name: string) => {
        const request = { requestId: gt.requestId, name };
        const method = FleetService.method.cordonMachine;
        const response = await gt.call(method, request);
        const takers = await lastTakerLines(gt, name);
        await gt.print(method.output, response, () =>
          [
            `${oneLine(name)} is cordoned: nothing new is placed there`,
            "  what it works on goes on, and it keeps the authorities that it holds",
            ...takers,
            `  gt machine uncordon ${oneLine(name)} takes it back`,
          ].join("\n"),
        );
      }),
    );
};
