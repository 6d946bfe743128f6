import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import {
  FleetService,
  MoveRigResponseSchema,
  type Rig,
} from "#proto/gastown/v1/fleet_service_pb.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { exitCodes } from "../failure.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";

type Options = { readonly to: string; readonly wait?: boolean };

/** Declare `gt rig move`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "the rig")
    .requiredOption("--to <machine>", "the machine that shall hold its authority")
    .option("--wait", "return once that machine has taken it")
    .addHelpText("after", example("gt rig move alpha --to vm-b --wait"))
    .action(act(move));
};

const lookMs = 500;

async function move(gt: Session, name: string, { to, wait = false }: Options): Promise<void> {
  const asked = await gt.call(FleetService.method.moveRig, {
    ...{ requestId: gt.requestId, name, machine: to },
  });
  const rig = wait ? await waitUntilTaken(gt, name, to) : asked.rig;
  if (rig === undefined) return;
  const response = create(MoveRigResponseSchema, { rig });
  await gt.print(MoveRigResponseSchema, response, () => words(rig, to));
}

function words({ name, authority, term }: Rig, to: string): string {
  if (authority === to) return oneLine(`${to} holds the authority of ${name}, term ${term}`);
  const until = authority === "" ? "" : `; ${authority} holds it until then`;
  return [
    oneLine(`${to} is appointed to hold the authority of ${name}`),
    oneLine(`  it does once it has taken the next term at the rig's remote${until}`),
    oneLine(`  gt rig show ${name} tells`),
  ].join("\n");
}

/** Undefined where Ctrl-C came first: the appointment stands. */
async function waitUntilTaken(gt: Session, name: string, to: string): Promise<Rig | undefined> {
  const { signal } = gt;
  while (!signal.aborted) {
    const rig = await look(gt, name);
    if (rig?.authority === to) return rig;
    if (rig && rig.appointed !== to) {
      throw new TownError("state", `${name} was given to ${rig.appointed} meanwhile, not to ${to}`);
    }
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
  }
  gt.terminal.writeError(`gt: the appointment stands; gt rig show ${name} tells who holds it\n`);
  gt.leaveWith(exitCodes.interrupted);
  return undefined;
}

async function look(gt: Session, name: string): Promise<Rig | undefined> {
  try {
    return (await gt.call(FleetService.method.getRig, { name })).rig;
  } catch (error) {
    if (isTownError(error, "unavailable", "timeout", "cancelled")) return undefined;
    throw error;
  }
}
