import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { machineTable } from "../fleet-view.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt machine list`. */
export const declare: Declare = (command, act) => {
  command
    .option("--filter <expression>", "an AIP-160 filter")
    .addHelpText("after", example("gt machine list"))
    .action(
      act(async (gt, { filter = "" }: { filter?: string }) => {
        const method = FleetService.method.listMachines;
        const response = await gt.call(method, { filter });
        const { rigs } = gt.json ? { rigs: [] } : await gt.call(FleetService.method.listRigs, {});
        await gt.print(method.output, response, ({ machines }) =>
          machines.length === 0
            ? "no machines; `gt join` makes one join"
            : machineTable(machines, gt.terminal, rigs),
        );
      }),
    );
};
