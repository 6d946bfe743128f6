import { FleetService, MachineState } from "#proto/gastown/v1/fleet_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";

/**
 * What is to be said where a machine that takes nothing new any more was the last one that did, of
 * all rigs or of some; empty while others take the work.
 */
export async function lastTakerLines(gt: Session, name: string): Promise<string[]> {
  try {
    const { machines } = await gt.call(FleetService.method.listMachines, { filter: "" });
    const { rigs } = await gt.call(FleetService.method.listRigs, {});
    const takers = machines.filter((each) => {
      return each.state === MachineState.READY && each.link !== "silent" && each.name !== name;
    });
    // A rig's machines are those that serve it, by what both say.
    const left = rigs.filter(({ machines: serving }) => {
      return serving.includes(name) && !takers.some((each) => serving.includes(each.name));
    });
    if (takers.length > 0 && left.length === 0) return [];
    const what = takers.length > 0 ? ` of ${left.map((rig) => rig.name).join(", ")}` : "";
    const who = `${name} was the last machine that takes work${what}: what is ready waits`;
    return [oneLine(`  ${who}; gt machine uncordon ${name}, or another one, ends that`)];
  } catch (error) {
    if (isTownError(error)) return []; // What was asked for is done, and that is what counts.
    throw error;
  }
}
