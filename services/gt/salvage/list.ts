import { SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import { oneLine } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";
import { salvageTable, salvageTimeoutMs } from "./salvage-view.ts";

type Options = { readonly rig?: string; readonly bead?: string; readonly all?: boolean };

/** Declare `gt salvage list`. */
export const declare: Declare = (command, act) => {
  command
    .option("--rig <name>", "only of this rig")
    .option("--bead <id>", "only of this bead")
    .option("-a, --all", "what is held or landed too")
    .addHelpText("after", example("gt salvage list --rig alpha"))
    .action(
      act(async (gt, { rig = "", bead = "", all = false }: Options) => {
        const method = SalvageService.method.listSalvage;
        const options = { timeoutMs: salvageTimeoutMs };
        await gt.tell(
          method,
          { rig, bead, all },
          ({ salvage, problems }) => {
            const lines = problems.map((each) =>
              gt.terminal.paint.red(`cannot ask ${oneLine(each)}`),
            );
            const none = all ? "" : "; --all shows what is held or landed";
            const list =
              salvage.length > 0
                ? salvageTable(salvage, gt.terminal)
                : `nothing was left${lines.length > 0 ? " where the remote answers" : ""}${none}`;
            return [list, ...lines].join("\n");
          },
          options,
        );
      }),
    );
};
