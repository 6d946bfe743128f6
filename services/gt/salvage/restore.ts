import { type Salvage, SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
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
        const isClosed = branch === "" && !gt.json && (await isBeadClosed(gt, name));
        const request = { requestId: gt.requestId, name, branch };
        const slow = { timeoutMs: salvageTimeoutMs };
        await gt.tell(method, request, ({ salvage }) => words(salvage, branch, isClosed), slow);
      }),
    );
};

/** It is opened again by the restore, which has to be said. */
async function isBeadClosed(gt: Session, name: string): Promise<boolean> {
  const [id = name] = name.split("@");
  try {
    return (await gt.call(WorkService.method.getBead, { id })).bead?.status === "closed";
  } catch (error) {
    if (isTownError(error)) return false; // What is wrong with the name the restore itself says.
    throw error;
  }
}

function words(salvage: Salvage | undefined, branch: string, isClosed: boolean): string {
  const { bead = "", name = "", rig = "" } = salvage ?? {};
  if (branch !== "") return oneLine(`${name} is on branch ${branch} of ${rig}`);
  const next = oneLine(`the next worker of ${bead} goes on from ${name}`);
  if (!isClosed) return next;
  const again = `  ${bead} was closed and is open again; gt sling ${bead} where it waits`;
  return `${next}\n${oneLine(again)}`;
}
