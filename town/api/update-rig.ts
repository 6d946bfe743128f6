import { create } from "@bufbuild/protobuf";
import { z } from "zod";
import { FleetService, LossPolicy, RigSchema } from "#proto/gastown/v1/fleet_service_pb.ts";
import { check, invalid } from "#services/api/check.ts";
import { findRig } from "#services/api/fleet/find-fleet.ts";
import { rigMessage } from "#services/api/fleet/fleet-message.ts";
import { mutate } from "#services/api/mutate.ts";
import type { Json } from "#services/ledger/bead-state.ts";
import { setFields } from "#services/ledger/drafts.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { type Rig, rigField } from "#services/ledger/rigs.ts";
import type { MethodImpl } from "#services/rpc/method.ts";

type UpdateRig = MethodImpl<typeof FleetService.method.updateRig>;

const daySeconds = 86_400;

/** How long a machine may be lost before a rig's policy is done, in seconds. */
export const lossWait = z
  .number()
  .int()
  .min(0, "0 or more")
  .max(30 * daySeconds, "at most 30 days");

const Request = z.object({
  onLoss: z.enum(LossPolicy, "wait or replace"),
  lossWaitSeconds: lossWait.optional(),
});

/** Change what a rig does about work on a lost machine. */
export function updateRig({ ledger }: { readonly ledger: Ledger }): UpdateRig {
  const { world } = ledger;
  return async (request, context) => {
    const method = FleetService.method.updateRig;
    await mutate(ledger, method, request, context, () => {
      const { onLoss, lossWaitSeconds: seconds } = check(Request, request);
      if (onLoss === LossPolicy.UNSPECIFIED && seconds === undefined) {
        const description = "say what is to change: on_loss, loss_wait_seconds, or both";
        throw invalid([{ field: "on_loss", description }]);
      }
      const { bead } = findRig(world, request.name);
      const held = bead.fields[rigField.name] as Record<string, Json>;
      // As written, so that what a later version keeps there stays.
      const rig = {
        ...held,
        ...(onLoss !== LossPolicy.UNSPECIFIED && { onLoss: policyOf(onLoss) }),
        ...(seconds !== undefined && { lossWaitMs: seconds * 1_000 }),
      };
      const isSame = JSON.stringify(rig) === JSON.stringify(held);
      return {
        bead: bead.uid,
        drafts: isSame ? [] : [setFields(bead.uid, { [rigField.name]: rig })],
      };
    });
    return { rig: create(RigSchema, rigMessage(findRig(world, request.name), world)) };
  };
}

/** A policy as the ledger keeps it. */
export function policyOf(onLoss: LossPolicy): Rig["onLoss"] {
  return onLoss === LossPolicy.WAIT ? "wait" : "replace";
}
