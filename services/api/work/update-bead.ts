import { timestampDate } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import type { Bead as BeadMessage } from "#proto/gastown/v1/bead_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import type { Json } from "#services/ledger/bead-state.ts";
import { addLabels, removeLabels, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { Violation } from "#services/rpc/town-error.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { invalid, labels, name, priority, text, title } from "../check.ts";
import { findLiveBead, refusedState } from "../find-bead.ts";
import { mutate } from "../mutate.ts";
import { issueType, metadataChange, status } from "./bead-fields.ts";

type UpdateBead = MethodImpl<typeof WorkService.method.updateBead>;

/** The plain fields that a mask may name: where each comes from, and what it must be. */
const plain: Readonly<Record<string, { from: (bead: BeadMessage) => unknown; schema: z.ZodType }>> =
  {
    title: { from: (bead) => bead.title, schema: title },
    description: { from: (bead) => bead.description, schema: text },
    design: { from: (bead) => bead.design, schema: text },
    acceptance_criteria: { from: (bead) => bead.acceptanceCriteria, schema: text },
    notes: { from: (bead) => bead.notes, schema: text },
    status: { from: (bead) => bead.status, schema: status },
    issue_type: { from: (bead) => bead.issueType, schema: issueType },
    priority: { from: (bead) => bead.priority, schema: priority },
    assignee: { from: (bead) => bead.assignee, schema: name },
    owner: { from: (bead) => bead.owner, schema: name },
    external_ref: { from: (bead) => bead.externalRef, schema: name },
    defer_until: {
      from: ({ deferUntil }) => (deferUntil ? timestampDate(deferUntil).toISOString() : null),
      schema: z.string().nullable(),
    },
  };
const paths = [...Object.keys(plain), "labels", "metadata"];

/** Change the fields that the mask names; all or none. */
export function updateBead({ ledger, nowMs }: ApiPorts): UpdateBead {
  const { world } = ledger;
  return async (request, context) => {
    const method = WorkService.method.updateBead;
    const { bead } = await mutate(ledger, method, request, context, () => {
      const mask = request.updateMask?.paths ?? [];
      const held = findLiveBead(world, request.bead?.id ?? "", "bead.id");
      const drafts = updateDrafts(world, held, request.bead, mask);
      return { bead: held.uid, drafts };
    });
    return { bead: showBead(bead, world, nowMs()) };
  };
}

function updateDrafts(
  world: World,
  held: Bead,
  given: BeadMessage | undefined,
  mask: readonly string[],
): Draft[] {
  if (!given || mask.length === 0) {
    throw invalid([{ field: "update_mask", description: `name fields: ${paths.join(", ")}` }]);
  }
  const violations: Violation[] = [];
  const fields: Record<string, Json> = {};
  const drafts: Draft[] = [];
  for (const path of new Set(mask)) {
    const field = plain[path];
    // What was read may be sent back as it was: an import may know other words than we do.
    if (isUnchanged(path, given, held)) continue;
    if (field) {
      const read = field.schema.safeParse(field.from(given));
      if (read.success) fields[path] = read.data as Json;
      else violations.push(...describe(`bead.${path}`, read.error));
    } else if (path === "metadata") {
      const change = metadataChange(given.metadata, held);
      Object.assign(fields, change.fields);
      violations.push(...change.violations.map((v) => ({ ...v, field: `bead.${v.field}` })));
    } else if (path === "labels") {
      const read = labels.safeParse(given.labels);
      if (read.success) drafts.push(...relabel(world, held, read.data));
      else violations.push(...describe("bead.labels", read.error));
    } else {
      const known = paths.join(", ");
      const description = `no field ${JSON.stringify(path)} to change; there are ${known}`;
      violations.push({ field: "update_mask", description });
    }
  }
  if (violations.length > 0) throw invalid(violations);
  if (fields["status"] !== undefined && held.status === "closed") {
    throw refusedState(held.id, `${held.id} is closed; it is opened with ReopenBead`);
  }
  return Object.keys(fields).length > 0 ? [setFields(held.uid, fields), ...drafts] : drafts;
}

function isUnchanged(path: string, given: BeadMessage, held: Bead): boolean {
  if (path === "issue_type") return given.issueType === held.issueType;
  return path === "status" && given.status === held.status && held.status !== "closed";
}

function relabel(world: World, held: Bead, wanted: readonly string[]): Draft[] {
  const added = wanted.filter((label) => !held.labels.includes(label));
  const removed = held.labels.filter((label) => !wanted.includes(label));
  return [
    ...(added.length > 0 ? [addLabels(held.uid, added)] : []),
    ...removeLabels(world, held.uid, removed),
  ];
}

function describe(field: string, error: z.ZodError): Violation[] {
  return error.issues.map(({ message }) => ({ field, description: message }));
}
