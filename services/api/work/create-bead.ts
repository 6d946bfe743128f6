import { timestampDate } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import { type CreateBeadRequest, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import type { Json } from "#services/ledger/bead-state.ts";
import { createBead as draftBead } from "#services/ledger/drafts.ts";
import type { EdgeValue } from "#services/ledger/event.ts";
import { newId } from "#services/ledger/ids.ts";
import { rigOf, rigs, townPrefix } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { check, edgeType, id, invalid, labels, name, priority, text, title } from "../check.ts";
import { findLiveBead } from "../find-bead.ts";
import { type Asked, type Decided, mutate } from "../mutate.ts";
import { issueType, metadataChange } from "./bead-fields.ts";
import { refuseCycle } from "./refuse-cycle.ts";

type CreateBead = MethodImpl<typeof WorkService.method.createBead>;

const Request = z.object({
  rig: name,
  title,
  description: text,
  issueType: z.union([z.literal(""), issueType]).transform((type) => type || "task"),
  priority: priority.optional(),
  assignee: name,
  labels,
  parent: name,
  dependencies: z.array(z.object({ dependsOnId: id, type: edgeType })).max(1_000),
  acceptanceCriteria: text,
  design: text,
  notes: text,
});
type Request = z.infer<typeof Request>;

/** File a bead. Its uid and its id derive from caller and request id. */
export function createBead({ ledger, nowMs }: ApiPorts): CreateBead {
  const { world } = ledger;
  return async (request, context) => {
    const method = WorkService.method.createBead;
    const { bead } = await mutate(ledger, method, request, context, (asked) =>
      decide(world, request, asked),
    );
    return { bead: showBead(bead, world, nowMs()) };
  };
}

function decide(world: World, request: CreateBeadRequest, asked: Asked): Decided {
  const read = check(Request, request);
  const change = metadataChange(request.metadata);
  if (change.violations.length > 0) throw invalid(change.violations);
  const parent = read.parent === "" ? undefined : findLiveBead(world, read.parent, "parent");
  const beadId = newBeadId(world, read.rig, parent, asked);
  const edges = edgesOf(world, read, parent);
  const isEpic = read.issueType === "epic";
  refuseCycle(world, [{ uid: asked.uid, id: beadId, isEpic, edges }]);
  const draft = draftBead({
    uid: asked.uid,
    id: beadId,
    title: read.title,
    issueType: read.issueType,
    priority: read.priority,
    assignee: read.assignee,
    fields: { ...written(request, read), ...change.fields },
    labels: read.labels,
    edges,
  });
  return { bead: asked.uid, drafts: [draft] };
}

/** Texts that are empty are not written. */
function written({ deferUntil }: CreateBeadRequest, read: Request): Record<string, Json> {
  const fields = {
    description: read.description,
    design: read.design,
    acceptance_criteria: read.acceptanceCriteria,
    notes: read.notes,
    defer_until: deferUntil ? timestampDate(deferUntil).toISOString() : "",
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}

function edgesOf(world: World, read: Request, parent: Bead | undefined): EdgeValue[] {
  const edges = read.dependencies.map(({ dependsOnId, type }, index) => ({
    to: findLiveBead(world, dependsOnId, `dependencies[${index}].depends_on_id`).uid,
    type: type || "blocks",
  }));
  const up = edges.find(({ type }) => type === "parent-child");
  if (parent && up && up.to !== parent.uid) {
    throw invalid([{ field: "parent", description: "a bead has one parent, and two are given" }]);
  }
  return parent && !up ? [...edges, { to: parent.uid, type: "parent-child" }] : edges;
}

/**
 * A name that nobody bears yet: a child of the same rig takes its parent's with a random suffix,
 * never a count, since two machines that count mint the same one.
 */
function newBeadId(world: World, rig: string, parent: Bead | undefined, asked: Asked): string {
  const taken = (id: string) => world.bead(id) !== undefined;
  const random = (length: number) => asked.derive(length, "id");
  const own = rig === "" ? undefined : enrolledPrefix(world, rig);
  if (parent) {
    const prefix = rigOf(parent, world)?.rig.prefix ?? townPrefix;
    if (own === undefined || own === prefix) {
      for (let length = 3; ; length += 1) {
        const child = `${parent.id}.${random(length)}`;
        if (!taken(child)) return child;
      }
    }
  }
  return newId(own ?? townPrefix, world.size(), taken, random);
}

function enrolledPrefix(world: World, name: string): string {
  const enrolled = rigs(world);
  const found = enrolled.find(({ rig }) => rig.name === name);
  if (found) return found.rig.prefix;
  const known = enrolled.map(({ rig }) => rig.name).join(", ") || "none yet";
  throw new TownError("not_found", `no rig ${name}; there are: ${known}`, {
    resource: { type: "rig", name },
  });
}
