import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { oneLine } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";

type Options = { readonly forGood?: boolean };

/** Declare `gt machine lost`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[name]", "the machine; every one that is silent now if absent")
    .option("--for-good", "it never comes back: it is no member any more")
    .addHelpText("after", example("gt machine lost", "gt machine lost vm-a --for-good"))
    .action(
      act(async (gt, name: string | undefined, { forGood = false }: Options) => {
        const request = { requestId: gt.requestId, name: name ?? "", forGood };
        await gt.tell(FleetService.method.confirmLoss, request, ({ machines }) => {
          const names = oneLine(machines.map((machine) => machine.name).join(", "));
          const what = forGood ? "given up for good" : "held for lost";
          const next = forGood
            ? "gt join there brings it back"
            : "its rigs' policies decide about its work; it is a member again once it is heard";
          return `${names}: ${what}\n  ${next}`;
        });
      }),
    );
};
