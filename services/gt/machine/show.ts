import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { ago } from "../elapsed.ts";
import { facts } from "../facts.ts";
import { machineWord } from "../health.ts";
import { oneLine } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";
import { drainLines } from "./drain-view.ts";

/** Declare `gt machine show`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "the machine")
    .addHelpText("after", example("gt machine show vm-a"))
    .action(
      act(async (gt, name: string) =>
        gt.tell(FleetService.method.getMachine, { name }, ({ machine }) => {
          if (machine === undefined) return "";
          const { paint, nowMs } = gt.terminal;
          const word = machineWord(machine.state, machine.link, paint);
          return [
            `${paint.bold(oneLine(machine.name))}  ${word}`,
            facts([
              ["Polecats", `${machine.polecatsRunning} of ${machine.polecatsMax}`],
              ["Rigs", machine.rigs.length === 0 ? "all" : machine.rigs.join(", ")],
              ["Authority", machine.authorities.join(", ") || "none"],
              ["Heard by", machine.link],
              ["Last beat", ago(machine.beatTime, nowMs())],
              ["Version", `${machine.version}, wire ${machine.wireVersion}`],
              ["Trouble", machine.trouble],
              ["Lost", machine.lostTime ? `since ${ago(machine.lostTime, nowMs())}` : ""],
            ]),
            ...drainLines(machine, gt.terminal),
          ].join("\n");
        }),
      ),
    );
};
