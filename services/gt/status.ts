import type { MessageShape } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import {
  FleetService,
  ListMachinesResponseSchema,
  ListRigsResponseSchema,
} from "#proto/gastown/v1/fleet_service_pb.ts";
import { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import {
  type GetTownResponse,
  GetTownResponseSchema,
  TownService,
} from "#proto/gastown/v1/town_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { elapsed } from "./elapsed.ts";
import { facts } from "./facts.ts";
import { machineTable, rigTable } from "./fleet-view.ts";
import { oneLine } from "./one-line.ts";
import type { Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt status`. */
export const declare: Declare = (command, act) => {
  command.addHelpText("after", example("gt status")).action(act(status));
};

type Fleet = {
  readonly machines: MessageShape<typeof ListMachinesResponseSchema>;
  readonly rigs: MessageShape<typeof ListRigsResponseSchema>;
};

async function status(gt: Session): Promise<void> {
  const town = await gt.call(TownService.method.getTown, {});
  const fleet = await fleetOf(gt);
  const { terminal } = gt;
  const address = gt.answerer()?.address ?? "";
  if (!gt.json) {
    const lines = [page(town, address, fleet, terminal), ...(await waitingForYou(gt))];
    return gt.printValue(undefined, lines.join("\n"));
  }
  const emit = { alwaysEmitImplicit: true };
  const parts = [
    { town: toJson(GetTownResponseSchema, town, emit), address },
    fleet && toJson(ListMachinesResponseSchema, fleet.machines, emit),
    fleet && toJson(ListRigsResponseSchema, fleet.rigs, emit),
  ];
  gt.printValue(Object.assign({}, ...parts), "");
}

/** A rig-agent that answers for the town may not know the fleet. */
async function fleetOf(gt: Session): Promise<Fleet | undefined> {
  try {
    const [machines, rigs] = await Promise.all([
      gt.call(FleetService.method.listMachines, {}),
      gt.call(FleetService.method.listRigs, {}),
    ]);
    return { machines, rigs };
  } catch (error) {
    if (isTownError(error, "unimplemented")) return undefined;
    throw error;
  }
}

const countedMax = 1_000;

/** What a person has to do: letters to read, beads that nobody goes on with. */
async function waitingForYou(gt: Session): Promise<string[]> {
  try {
    const filter = "status = deferred AND work = true";
    const [{ mail }, { totalSize }] = await Promise.all([
      gt.call(MailService.method.listMail, { unreadOnly: true, pageSize: countedMax }),
      gt.call(WorkService.method.listBeads, { filter, pageSize: 1 }),
    ]);
    const lines = [
      ...(mail.length > 0
        ? [`${plural(mail.length, "letter waits", "letters wait")}: gt mail inbox -u`]
        : []),
      ...(totalSize > 0
        ? [`${plural(totalSize, "bead needs", "beads need")} a person: gt list --status deferred`]
        : []),
    ];
    return lines.length > 0 ? ["", ...lines] : [];
  } catch (error) {
    if (isTownError(error, "unimplemented")) return [];
    throw error;
  }
}

function plural(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}

function page(
  town: GetTownResponse,
  address: string,
  fleet: Fleet | undefined,
  terminal: Terminal,
): string {
  const { paint } = terminal;
  const uptime = elapsed(Number(town.uptimeMs));
  const isTown = town.endpoint === "town";
  const beads = `${town.beadsOpen} open, ${town.beadsClosed} closed`;
  const queue = town.mergeRequestsOpen;
  const machines = fleet?.machines.machines ?? [];
  const rigs = fleet?.rigs.rigs ?? [];
  return [
    `${paint.bold(oneLine(town.town))}  Gas Town ${oneLine(town.version)}, up ${uptime}`,
    facts([
      ["Answered by", isTown ? "" : `the rig-agent of ${town.endpoint}: the town is away`],
      ["Address", address],
      ["Bus", busLine(town)],
      ["Beads", beads],
      ["Polecats", `${town.polecatsRunning} at work`],
      ["Merge queue", queue === 0 ? "empty" : `${queue} waiting`],
      ["Home", town.home],
    ]),
    ...(machines.length > 0 ? ["", machineTable(machines, terminal)] : []),
    ...(rigs.length > 0 ? ["", rigTable(rigs, terminal)] : []),
  ].join("\n");
}

/** How signals travel, in a few words. */
export function busLine({
  bus,
  busUp,
  busVersion,
}: Pick<GetTownResponse, "bus" | "busUp" | "busVersion">): string {
  if (bus === "memory") return "within one process";
  if (busVersion === "none") return "none → over git, slower";
  const name = busVersion === "" ? bus : `${bus} ${busVersion}`;
  return busUp ? `${name} up` : `${name} down → over git, slower`;
}
