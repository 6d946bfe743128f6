import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import {
  FleetService,
  MachineState,
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

/**
 * Look on until the authority has moved; drawn again on a terminal, else a line for each change.
 * Undefined where Ctrl-C came first: the appointment stands.
 */
async function waitUntilTaken(gt: Session, name: string, to: string): Promise<Rig | undefined> {
  const { signal, terminal } = gt;
  const redraw = terminal.isTty && !gt.json ? await terminal.redraw() : undefined;
  let told = "";
  const tell = (text: string) => {
    if (redraw) redraw.show(`${text}\n${terminal.paint.dim("Ctrl-C leaves it appointed")}`);
    else if (text !== told) terminal.writeError(`${text}\n`);
    told = text;
  };
  try {
    while (!signal.aborted) {
      const rig = await look(gt, name);
      if (rig?.authority === to) return rig;
      if (rig && rig.appointed !== to) throw givenElsewhere(rig, to);
      tell(rig === undefined ? "the town is away, waiting …" : await waitsFor(gt, rig, to));
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    }
  } catch (error) {
    if (!(signal.aborted && isTownError(error, "cancelled"))) throw error;
  } finally {
    redraw?.done();
  }
  terminal.writeError(`gt: the appointment stands; gt rig show ${name} tells who holds it\n`);
  gt.leaveWith(exitCodes.interrupted);
  return undefined;
}

function givenElsewhere({ name, appointed }: Rig, to: string): TownError {
  return new TownError("state", `${name} was given to ${appointed} meanwhile, not to ${to}`);
}

/** What is still to happen, and what keeps it from happening where that can be seen. */
async function waitsFor(gt: Session, { name, authority, term }: Rig, to: string): Promise<string> {
  const holds = authority === "" ? "" : `; ${authority} holds term ${term} until then`;
  const waits = `waiting until ${to} has taken the next term of ${name} at its remote${holds}`;
  const machine = await ask(async () => {
    return (await gt.call(FleetService.method.getMachine, { name: to })).machine;
  });
  if (machine?.state === MachineState.LOST) {
    const remedy = `gt rig move ${name} --to <another> gives it to one that is there`;
    throw new TownError("state", `${to} is lost and takes no term: ${remedy}`);
  }
  return oneLine(machine?.link === "silent" ? `${waits}; ${to} is silent` : waits);
}

async function look(gt: Session, name: string): Promise<Rig | undefined> {
  return ask(async () => (await gt.call(FleetService.method.getRig, { name })).rig);
}

/** Undefined while nobody answers. */
async function ask<T>(question: () => Promise<T>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (isTownError(error, "unavailable", "timeout")) return undefined;
    throw error;
  }
}
