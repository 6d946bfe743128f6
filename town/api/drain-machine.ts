import { z } from "zod";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { check } from "#services/api/check.ts";
import { findMachine } from "#services/api/fleet/find-fleet.ts";
import { mutate } from "#services/api/mutate.ts";
import { setFields } from "#services/ledger/drafts.ts";
import {
  type Drain,
  drainField,
  type EnrolledMachine,
  machineStateField,
  wireWithFederation,
} from "#services/ledger/machines.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { type FleetPorts, showMachine } from "./fleet-ports.ts";

type DrainMachine = MethodImpl<typeof FleetService.method.drainMachine>;

const deadlineSeconds = 1_800;
const weekSeconds = 7 * 24 * 3_600;

const Request = z.object({
  deadlineSeconds: z.number().int().min(0, "0 or more").max(weekSeconds, "at most a week"),
});

/**
 * Empty a machine. Asked again it goes on as the same drain, with the same deadline unless another
 * one is given.
 */
export function drainMachine(ports: FleetPorts): DrainMachine {
  const { ledger, nowMs } = ports;
  return async (request, context) => {
    const method = FleetService.method.drainMachine;
    const { bead } = await mutate(ledger, method, request, context, ({ principal, uid }) => {
      check(Request, request);
      const host = findMachine(ledger.world, request.name);
      refuseUnable(host);
      const asked = { seconds: request.deadlineSeconds, force: request.force, nowMs: nowMs() };
      const drain = drainAfter(host.drain, asked, { id: uid, by: principal });
      if (!drain) return { bead: host.bead.uid, drafts: [] };
      const fields = { [machineStateField.name]: "draining", [drainField.name]: drain };
      return { bead: host.bead.uid, drafts: [setFields(host.bead.uid, fields)] };
    });
    return { machine: showMachine(bead, ports) };
  };
}

/** The drain that stands after it was asked for; undefined where the one that stands goes on. */
function drainAfter(
  running: Drain | undefined,
  asked: { readonly seconds: number; readonly force: boolean; readonly nowMs: number },
  fresh: Pick<Drain, "id" | "by">,
): Drain | undefined {
  const { seconds, force, nowMs } = asked;
  if (running && seconds === 0 && !force) return undefined;
  const leftMs = force ? 0 : (seconds || deadlineSeconds) * 1_000;
  const deadlineAt = new Date(nowMs + leftMs).toISOString();
  return running
    ? { ...running, deadlineAt }
    : { ...fresh, startedAt: new Date(nowMs).toISOString(), deadlineAt };
}

function refuseUnable({ machine: { name, wire }, lostSince }: EnrolledMachine): void {
  if (lostSince !== undefined) {
    const remedy = `\`gt machine lost ${name} --for-good\` gives it up`;
    throw new TownError(
      "state",
      `${name} is lost since ${lostSince}, nobody empties it; ${remedy}`,
    );
  }
  if (wire >= wireWithFederation) return;
  const why = `${name} speaks wire version ${wire}, which cannot hand off, or say that it is empty`;
  const remedy = `\`gt machine cordon ${name}\` and wait for its polecats, or upgrade it first`;
  throw new TownError("state", `${why}: ${remedy}`);
}
