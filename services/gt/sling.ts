import { type Placement, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { changed } from "./bead-view.ts";
import { oneLine } from "./one-line.ts";
import type { Session } from "./session.ts";
import { UsageError } from "./usage-error.ts";
import { type Declare, example } from "./verb.ts";

type Options = {
  readonly issue?: string;
  readonly machine?: string;
  readonly runtime?: string;
  readonly command?: string;
};

/** Declare `gt sling`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[id]", "the bead; an epic slings all that hangs below it")
    .option("--issue <id>", "the bead, for those who say gt spawn --issue")
    .option("--machine <name>", "only this machine may work on it")
    .option("--runtime <runtime>", "shell, patch or a preset; the rig's own if absent")
    .option("--command <command>", "what the shell runtime runs in the worktree")
    .addHelpText("after", example("gt sling alpha-k3f9 --runtime shell --command './fix.sh'"))
    .action(act(sling));
};

async function sling(gt: Session, given: string | undefined, options: Options): Promise<void> {
  const { issue, machine = "", command = "" } = options;
  const id = given ?? issue;
  if (id === undefined) throw new UsageError("say which bead: gt sling <id>");
  const runtime = options.runtime ?? (command === "" ? "" : "shell");
  await gt.tell(
    WorkService.method.slingBead,
    { requestId: gt.requestId, id, machine, runtime, command },
    ({ bead, placement }) => [changed("slung", bead), ...placementLines(placement)].join("\n"),
  );
}

/** Where a bead goes, or why it goes nowhere yet. */
export function placementLines(placement: Placement | undefined): string[] {
  if (placement === undefined) return [];
  const { machine, reasons } = placement;
  const where = machine === "" ? "  not placed yet" : `  placed on ${oneLine(machine)}`;
  return [where, ...reasons.map((reason) => `    ${oneLine(reason)}`)];
}
