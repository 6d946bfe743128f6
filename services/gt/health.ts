import { Health } from "#proto/gastown/v1/agent_service_pb.ts";
import { MachineState } from "#proto/gastown/v1/fleet_service_pb.ts";
import type { Paint } from "./terminal.ts";

/** An agent's health in the village's word for it. */
export function healthWord(health: Health, paint: Paint): string {
  if (health === Health.WORKING) return paint.green("working");
  if (health === Health.STUCK) return paint.red("stuck");
  if (health === Health.DONE) return "done";
  if (health === Health.IDLE) return paint.dim("idle");
  return health === Health.UNREACHABLE ? paint.red("unreachable") : "unknown";
}

/** A machine's state in a word; one that is ready and says nothing is not called well. */
export function machineWord(state: MachineState, link: string, paint: Paint): string {
  if (state === MachineState.READY && link === "silent") return paint.yellow("silent");
  if (state === MachineState.READY) return paint.green("ready");
  if (state === MachineState.CORDONED) return paint.yellow("cordoned");
  if (state === MachineState.DRAINING) return paint.yellow("draining");
  return state === MachineState.LOST ? paint.red("lost") : "unknown";
}
