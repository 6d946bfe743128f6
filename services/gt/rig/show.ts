import { Fencing, FleetService, LossPolicy, type Rig } from "#proto/gastown/v1/fleet_service_pb.ts";
import { elapsed } from "../elapsed.ts";
import { facts } from "../facts.ts";
import { oneLine } from "../one-line.ts";
import type { Terminal } from "../terminal.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt rig show`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "the rig")
    .addHelpText("after", example("gt rig show alpha"))
    .action(
      act(async (gt, name: string) =>
        gt.tell(FleetService.method.getRig, { name }, ({ rig }) =>
          rig === undefined ? "" : rigPage(rig, gt.terminal),
        ),
      ),
    );
};

/** Everything about a rig. */
export function rigPage(rig: Rig, { paint }: Pick<Terminal, "paint">): string {
  return [
    `${paint.bold(oneLine(rig.name))}  ${oneLine(rig.remote)}`,
    facts([
      ["Prefix", rig.prefix],
      ["Target", rig.target],
      ["Authority", rig.authority === "" ? "" : `${rig.authority}, term ${rig.term}`],
      ["Appointed", rig.appointed === rig.authority ? "" : rig.appointed],
      ["On loss", onLoss(rig)],
      ["Fencing", rig.fencing === Fencing.MAIN ? `${rig.target} carries the terms itself` : ""],
      ["Machines", rig.machines.join(", ")],
      ["Polecats", rig.polecatsMax === 0 ? "" : `at most ${rig.polecatsMax}`],
      ["Runtime", rig.defaultRuntime],
      ["Set-up", rig.setup],
      ...rig.gates.map((gate) => [`Gate ${gate.name}`, gate.command] as const),
    ]),
  ].join("\n");
}

/** What the rig does about work on a lost machine. */
function onLoss({ onLoss: policy, lossWaitSeconds: seconds }: Rig): string {
  if (policy === LossPolicy.WAIT) return "work waits for the machine";
  const wait = seconds === 0 ? "at once" : `after ${elapsed(seconds * 1_000)}`;
  return policy === LossPolicy.REPLACE ? `another machine goes on ${wait}` : "";
}
