import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type AgentSchema, Health } from "#proto/gastown/v1/agent_service_pb.ts";
import { isHeld } from "#services/ledger/bead.ts";
import { exitField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { Peers } from "#services/telemetry/peers.ts";
import type { FoundAgent } from "./find-agent.ts";

/** Without a beat for this long a machine counts as out of reach; that is no proof of anything. */
export const unreachableMs = 15_000;

const healths = {
  idle: Health.IDLE,
  working: Health.WORKING,
  stuck: Health.STUCK,
  done: Health.DONE,
} as const;

/** An agent as it can be seen from here: by its machine's last beat, else by the ledger. */
export function observeAgent(
  agent: FoundAgent,
  world: World,
  peers: Peers,
  nowMs: number,
): MessageInitShape<typeof AgentSchema> {
  const { name, machine = "" } = agent;
  const bead = agent.bead === undefined ? undefined : world.bead(agent.bead);
  const exit = bead && exitField.read(bead);
  const seen = {
    name,
    role: roleOf(name),
    machine,
    bead: bead?.id ?? "",
    epoch: bead?.claim?.epoch ?? "",
    lastExit: exit?.kind ?? "",
  };
  const peer = peers.of(machine);
  const beat = peer?.beat?.polecats.find((each) => each.agent === name);
  if (beat && peer) {
    const silent = nowMs - peer.heardMs > unreachableMs;
    return {
      ...seen,
      bead: beat.bead,
      epoch: beat.epoch,
      health: silent ? Health.UNREACHABLE : healths[beat.health],
      step: beat.step,
      evidence: beat.evidence,
      evidenceTime: timestampFromMs(beat.evidenceMs),
      startTime: timestampFromMs(beat.startedMs),
      observeTime: timestampFromMs(peer.heardMs),
    };
  }
  const isWorking = bead !== undefined && isHeld(bead);
  const heardMs = peer?.heardMs;
  const unheard = isWorking && (heardMs === undefined || nowMs - heardMs > unreachableMs);
  return {
    ...seen,
    health: unheard ? Health.UNREACHABLE : isWorking && !exit ? Health.WORKING : Health.IDLE,
    evidence: "the ledger",
    ...(bead && { observeTime: timestampFromMs(Date.parse(bead.updatedAt)) }),
  };
}

function roleOf(name: string): string {
  return name.includes("/polecats/") ? "polecat" : (name.split("/").at(-1) ?? name);
}
