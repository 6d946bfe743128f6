import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { DrainSchema } from "#proto/gastown/v1/fleet_service_pb.ts";
import type { EnrolledMachine } from "#services/ledger/machines.ts";
import { slingOf } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { type Departure, departures, leftOn } from "#services/scheduler/drain.ts";

/** How far the emptying of a machine has come; undefined where nobody asked for it. */
export function drainMessage(
  host: EnrolledMachine,
  world: World,
  nowMs: number,
): MessageInitShape<typeof DrainSchema> | undefined {
  const { drain, drainedAt, machine } = host;
  if (!drain) return undefined;
  const { beads, authorities } = leftOn(world, machine.name);
  return {
    by: drain.by,
    startTime: timestampFromMs(Date.parse(drain.startedAt)),
    deadline: timestampFromMs(Date.parse(drain.deadlineAt)),
    remaining: beads.map(({ id }) => id),
    authorities: authorities.map(({ rig }) => rig.name),
    notes: departures(world, host, nowMs).flatMap((each) => note(each, machine.name, world)),
    ...(drainedAt !== undefined && { doneTime: timestampFromMs(Date.parse(drainedAt)) }),
  };
}

/** What has to be known of one bead that is left; nothing while all goes its way. */
function note({ bead, fate }: Departure, machine: string, world: World): string[] {
  const rig = rigOf(bead, world)?.rig.name ?? "its rig";
  if (fate === "asked") return [`${bead.id} is being handed off`];
  if (fate === "leaves") return [`${bead.id} was submitted: its worker is about to leave`];
  if (fate !== "nowhere to go") return [];
  const slungTo = slingOf(bead, world)?.machine;
  const why =
    slungTo === undefined
      ? `no machine but ${machine} takes work of ${rig} now`
      : `it was slung to ${slungTo} alone`;
  return [`${bead.id} has nowhere to go on: ${why}; it waits for its worker to end`];
}
