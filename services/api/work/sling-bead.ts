import { z } from "zod";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { type Bead, isHeld } from "#services/ledger/bead.ts";
import type { Json } from "#services/ledger/bead-state.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { machines } from "#services/ledger/machines.ts";
import { isDispatchable } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import { handOffField, slingField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { presetNamed } from "#services/runtime/presets.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { check, id, name, text } from "../check.ts";
import { findLiveBead, refusedState } from "../find-bead.ts";
import { mutate } from "../mutate.ts";
import { placementOf } from "./placement-message.ts";
import { refuseWithoutRuntime, slungWith, tellSlung } from "./slung-below.ts";

type SlingBead = MethodImpl<typeof WorkService.method.slingBead>;

const Request = z
  .object({ id, machine: name, runtime: name, command: text })
  .refine(({ runtime, command }) => runtime !== "shell" || command !== "", {
    path: ["command"],
    message: "the shell runtime needs one",
  })
  .refine(({ runtime, command }) => command === "" || runtime === "shell", {
    path: ["command"],
    message: "is for the shell runtime only",
  });

/** Ask for a bead, and for everything below an epic, to be worked as soon as it is ready. */
export function slingBead(ports: ApiPorts): SlingBead {
  const { ledger, nowMs } = ports;
  const { world } = ledger;
  return async (request, context) => {
    const method = WorkService.method.slingBead;
    const reopened: string[] = [];
    const { bead } = await mutate(ledger, method, request, context, ({ principal }) => {
      // Told before what its command lacks: which runtimes there are.
      if (request.runtime !== "") presetNamed(request.runtime);
      const { machine, runtime, command, id: beadId } = check(Request, request);
      const held = findLiveBead(world, beadId);
      const why = refusal(held, world);
      if (why !== undefined) throw refusedState(held.id, why);
      if (machine !== "") knownMachine(world, machine);
      const below = slungWith(held, world);
      refuseWithoutRuntime(held.issueType === "epic" ? below : [held], { runtime, command }, world);
      const wanted = { machine, runtime, command, by: principal };
      const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ""));
      // Slung again without a word on how, it is worked on as it was.
      const before = runtime === "" ? held.fields[slingField.name] : undefined;
      const fields: Record<string, Json> = { [slingField.name]: Object.assign({}, before, given) };
      // Said now, it counts more than where the last claim was to be handed off to.
      if (machine !== "" && handOffField.read(held)) fields[handOffField.name] = null;
      const drafts = [setFields(held.uid, isAside(held) ? { ...fields, status: "open" } : fields)];
      if (held.issueType === "epic") {
        const aside = below.filter(isAside);
        reopened.push(...aside.map(({ id }) => id));
        drafts.push(...aside.map(({ uid }) => setFields(uid, { status: "open" })));
      }
      return { bead: held.uid, drafts };
    });
    const { reasons = [], ...placed } = placementOf(bead, ports);
    const placement = { ...placed, reasons: [...tellSlung(bead, reopened, world), ...reasons] };
    return { bead: showBead(bead, world, nowMs()), placement };
  };
}

/** Whoever slings what was put aside wants it taken up again. */
function isAside({ status }: Bead): boolean {
  return status === "deferred" || status === "blocked";
}

function refusal(bead: Bead, world: World): string | undefined {
  const { id, claim } = bead;
  if (bead.status === "closed") return `${id} is closed; open it again first`;
  if (bead.issueType === "epic") return undefined;
  if (!isDispatchable(bead)) return `${id} is no work that a worker could take`;
  if (!rigOf(bead, world)) {
    return `${id} belongs to no rig, so no worker could take it; file it in one`;
  }
  if (claim && isHeld(bead)) {
    return `${id} is worked on by ${claim.polecat} on ${claim.machine} already`;
  }
  return undefined;
}

function knownMachine(world: World, wanted: string): void {
  const known = machines(world).map(({ machine }) => machine.name);
  if (known.includes(wanted)) return;
  const there = known.join(", ") || "none yet";
  throw new TownError("not_found", `no machine ${wanted}; there are: ${there}`, {
    resource: { type: "machine", name: wanted },
  });
}
