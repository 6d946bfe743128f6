import { create } from "@bufbuild/protobuf";
import {
  DrainMachineResponseSchema,
  FleetService,
  type Machine,
} from "#proto/gastown/v1/fleet_service_pb.ts";
import { oneLine } from "../one-line.ts";
import { lengthUpTo } from "../options.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { type Declare, example } from "../verb.ts";
import { drainLines } from "./drain-view.ts";
import { lastTakerLines } from "./takers.ts";
import { waitUntilEmpty } from "./wait-until-empty.ts";

type Options = { readonly deadline?: number; readonly force?: boolean; readonly wait?: boolean };

/** Declare `gt machine drain`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "the machine")
    .option(
      "--deadline <time>",
      "when what is left is handed off: 30m if absent, 7d at most",
      lengthUpTo(7),
    )
    .option("--force", "hand off at once what it works on")
    .option("--wait", "return once it is empty; so on a terminal")
    .option("--no-wait", "return once the drain is asked for")
    .addHelpText(
      "after",
      [
        "",
        "Nothing new is placed there and its authorities move. What it works on may end until the",
        "deadline, then a worker on another machine goes on with it. Asked again, the drain goes",
        "on; gt machine uncordon calls it off.",
      ].join("\n"),
    )
    .addHelpText(
      "after",
      example("gt machine drain vm-a --deadline 30m", "gt machine drain vm-a --force --wait"),
    )
    .action(act(drain));
};

async function drain(gt: Session, name: string, options: Options): Promise<void> {
  const { deadline = 0, force = false, wait = gt.terminal.isTty } = options;
  if (force && deadline > 0) throw new UsageError("--force is a deadline of now: give one of both");
  const asked = await gt.call(FleetService.method.drainMachine, {
    ...{ requestId: gt.requestId, name, deadlineSeconds: deadline, force },
  });
  const takers = await lastTakerLines(gt, name);
  if (wait && takers.length > 0) gt.terminal.writeError(`${takers.join("\n")}\n`);
  const last = wait ? await waitUntilEmpty(gt, name) : asked.machine;
  if (last === undefined) return; // Ctrl-C; what that means was told.
  const response = create(DrainMachineResponseSchema, { machine: last });
  await gt.print(DrainMachineResponseSchema, response, () => {
    return [page(last, gt), ...(wait ? [] : takers)].join("\n");
  });
}

function page(machine: Machine, { terminal }: Session): string {
  const name = oneLine(machine.name);
  if (machine.drain?.doneTime !== undefined) return `${name} is empty: it may be stopped`;
  const progress = `gt machine show ${name} tells how far it is`;
  const begins = `${name} is silent and begins once it is heard`;
  const silent =
    machine.link === "silent" ? [`  ${begins}; where it is lost, its rigs' policies decide`] : [];
  const lines = [...silent, ...drainLines(machine, terminal)];
  return [`${name} is being emptied; ${progress}`, ...lines].join("\n");
}
