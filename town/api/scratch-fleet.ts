import { create, type DescMethodUnary, type MessageInitShape } from "@bufbuild/protobuf";
import { type ScratchTown, scratchTown } from "#services/api/scratch-town.ts";
import type { Json } from "#services/ledger/bead-state.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { machineField, readMachine } from "#services/ledger/machines.ts";
import type { CallContext, MethodImpl } from "#services/rpc/method.ts";
import type { Beat } from "#services/telemetry/beat.ts";
import type { Peers } from "#services/telemetry/peers.ts";
import type { FleetPorts } from "./fleet-ports.ts";

/** A town with the machines `vm-a` and `vm-b`, of which the test says who is heard. */
export type ScratchFleet = FleetPorts &
  Pick<ScratchTown, "by" | "pass" | "write"> & {
    /** Machines that say nothing. */
    readonly silent: Set<string>;
    /** What machines say of themselves. */
    readonly beats: Beat[];
    readonly change: (machine: string, fields: Record<string, Json>) => Promise<void>;
    readonly read: (machine: string) => ReturnType<typeof readMachine>;
  };

/** Make one. */
export async function scratchFleet(): Promise<ScratchFleet> {
  const town = await scratchTown();
  const { ledger, nowMs, write, by, pass } = town;
  const uidOf = (name: string) => derivedUid("machine", name);
  const fields = (name: string) => ({
    [machineField.name]: { name, rigs: [], polecatsMax: 4, version: "0", wire: 2 },
  });
  await write(
    setFields(uidOf("vm-a"), fields("vm-a")),
    createBead({
      ...{ uid: uidOf("vm-b"), id: "hq-machine-vm-b", title: "vm-b", issueType: "machine" },
      fields: fields("vm-b"),
    }),
  );
  const silent = new Set<string>();
  const beats: Beat[] = [];
  const peers = {
    of: () => undefined,
    beats: () => beats,
    isSilent: (machine: string) => silent.has(machine),
    isHeard: (machine: string) => !silent.has(machine),
  } as Partial<Peers> as Peers;
  return {
    ...{ ledger, nowMs, write, by, pass, peers, silent, beats },
    change: (name, changed) => write(setFields(uidOf(name), changed)),
    read: (name) => {
      const bead = ledger.world.bead(uidOf(name));
      return bead && readMachine(bead);
    },
  };
}

/** Call a method with a request as a client gives it. */
export function ask<M extends DescMethodUnary>(
  method: M,
  handler: MethodImpl<M>,
  request: MessageInitShape<M["input"]>,
  context: CallContext,
): ReturnType<Extract<MethodImpl<M>, (...args: never[]) => unknown>> {
  const call = handler as (request: unknown, context: CallContext) => unknown;
  return call(create(method.input, request), context) as never;
}
