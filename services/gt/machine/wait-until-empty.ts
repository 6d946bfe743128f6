import { setTimeout as sleep } from "node:timers/promises";
import { FleetService, type Machine, MachineState } from "#proto/gastown/v1/fleet_service_pb.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { exitCodes } from "../failure.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
import { drainLines } from "./drain-view.ts";

const lookMs = 1_000;

/**
 * Look on until a machine that drains is empty; drawn again on a terminal, else a line for each
 * change, on the side where the answer is JSON.
 *
 * @returns undefined where Ctrl-C came first: the drain goes on without us
 * @throws TownError `state` where it will not come to an end: called off, or the machine is lost
 */
export async function waitUntilEmpty(gt: Session, name: string): Promise<Machine | undefined> {
  const { terminal, signal } = gt;
  const redraw = terminal.isTty && !gt.json ? await terminal.redraw() : undefined;
  let told = "";
  const tell = (lines: readonly string[]) => {
    const text = lines.join("\n");
    if (redraw) redraw.show(text);
    else if (text !== told) terminal.writeError(`${text}\n`);
    told = text;
  };
  try {
    while (!signal.aborted) {
      const machine = await look(gt, name);
      if (machine?.drain?.doneTime !== undefined) return machine;
      if (machine === undefined) tell(["the town is away, waiting …"]);
      else {
        refuseEnded(machine);
        const foot = redraw ? ["", terminal.paint.dim("Ctrl-C leaves the drain going")] : [];
        tell([
          `${oneLine(name)} is being emptied`,
          ...drainLines(machine, steady(gt, redraw)),
          ...foot,
        ]);
      }
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    }
  } catch (error) {
    if (!(signal.aborted && isTownError(error, "cancelled"))) throw error;
  } finally {
    redraw?.done();
  }
  const calledOff = `gt machine uncordon ${name} calls it off`;
  terminal.writeError(`gt: the drain of ${name} goes on; ${calledOff}\n`);
  gt.leaveWith(exitCodes.interrupted);
  return undefined;
}

/** Lines that are told on change alone must not change by the clock. */
function steady({ terminal }: Session, redraw: unknown): { nowMs: () => number } {
  const startMs = terminal.nowMs();
  return redraw ? terminal : { nowMs: () => startMs };
}

/** Undefined while nobody answers. */
async function look(gt: Session, name: string): Promise<Machine | undefined> {
  try {
    return (await gt.call(FleetService.method.getMachine, { name })).machine;
  } catch (error) {
    if (isTownError(error, "unavailable", "timeout")) return undefined;
    throw error;
  }
}

function refuseEnded({ name, state, drain }: Machine): void {
  if (state === MachineState.LOST) {
    const remedy = `once it is heard the drain goes on; gt machine lost ${name} --for-good ends it`;
    throw new TownError("state", `${name} is lost and cannot say that it is empty: ${remedy}`);
  }
  if (drain === undefined) throw new TownError("state", `the drain of ${name} was called off`);
}
