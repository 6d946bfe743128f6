import { InvalidArgumentError } from "commander";
import { FleetService, LossPolicy } from "#proto/gastown/v1/fleet_service_pb.ts";
import { lengthUpTo } from "../options.ts";
import { UsageError } from "../usage-error.ts";
import { type Declare, example } from "../verb.ts";
import { rigPage } from "./show.ts";

type Options = { readonly onLoss?: LossPolicy; readonly lossWait?: number };

export const onLossHelp = "what happens to work on a lost machine: wait, or replace";
export const lossWaitHelp = "how long a machine has to be lost before it is replaced: 60s";

/** Declare `gt rig update`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "the rig")
    .option("--on-loss <what>", onLossHelp, lossPolicy)
    .option("--loss-wait <time>", lossWaitHelp, lengthUpTo(30))
    .addHelpText("after", example("gt rig update alpha --on-loss replace --loss-wait 60s"))
    .action(
      act(async (gt, name: string, { onLoss, lossWait }: Options) => {
        if (onLoss === undefined && lossWait === undefined) {
          throw new UsageError("say what is to change: --on-loss, --loss-wait");
        }
        const change = {
          ...(onLoss !== undefined && { onLoss }),
          ...(lossWait !== undefined && { lossWaitSeconds: lossWait }),
        };
        const request = { requestId: gt.requestId, name, ...change };
        await gt.tell(FleetService.method.updateRig, request, ({ rig }) =>
          rig === undefined ? "updated" : rigPage(rig, gt.terminal),
        );
      }),
    );
};

/** Read a policy by its name. */
export function lossPolicy(text: string): LossPolicy {
  if (text === "wait") return LossPolicy.WAIT;
  if (text === "replace") return LossPolicy.REPLACE;
  throw new InvalidArgumentError("It is wait or replace.");
}
