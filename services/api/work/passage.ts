import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { machineNamed } from "#services/ledger/machines.ts";
import { liveMergeRequest, slingOf } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import { handOffField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { othersFor } from "#services/scheduler/drain.ts";

/** A bead on its way from one machine to another one, in words; empty where it is not. */
export function passageOf(bead: Bead, world: World): string[] {
  const handOff = handOffField.read(bead);
  if (!handOff || bead.status === "closed" || handOff.epoch !== bead.claim?.epoch) return [];
  if (liveMergeRequest(bead, world)) return [];
  const pin = slingOf(bead, world)?.machine;
  const isOverridden = handOff.to !== "" && pin !== undefined && pin !== handOff.to;
  const instead = isOverridden ? `, which overrides that it was slung to ${pin}` : "";
  return [
    `it is being handed off to ${handOff.to || "another machine"} by ${handOff.by}${instead}`,
  ];
}

/** Held on a machine that is lost: since when, and when somebody else goes on; else empty. */
export function lossOf(bead: Bead, world: World, nowMs: number): string[] {
  const { claim } = bead;
  if (!claim || !isHeld(bead)) return [];
  const { machine } = claim;
  const since = machineNamed(world, machine)?.lostSince;
  if (since === undefined) return [];
  const lost = `${machine} is lost since ${since}`;
  const rig = rigOf(bead, world)?.rig;
  if (!rig || liveMergeRequest(bead, world)) return [lost];
  if (slingOf(bead, world)?.machine === machine) {
    return [`${lost}; it was slung to ${machine} alone and waits for it`];
  }
  if (rig.onLoss === "wait") {
    const remedy = `\`gt rig update ${rig.name} --on-loss replace\` lets another one go on`;
    return [`${lost}; rig ${rig.name} has it wait for ${machine}: ${remedy}`];
  }
  if (othersFor(world, rig, machine).length === 0) {
    return [`${lost}; no other machine takes work of ${rig.name} now, so it waits`];
  }
  const leftMs = Date.parse(since) + rig.lossWaitMs - nowMs;
  const when =
    leftMs > 0
      ? `goes on elsewhere in ${Math.ceil(leftMs / 1_000)} s`
      : "is to go on elsewhere now";
  return [`${lost}; it ${when}`];
}
