import type { JsonObject } from "@bufbuild/protobuf";
import { z } from "zod";
import type { Bead } from "#services/ledger/bead.ts";
import type { Json } from "#services/ledger/bead-state.ts";
import { metadataFields } from "#services/ledger/metadata-fields.ts";
import type { Violation } from "#services/rpc/town-error.ts";
import { otherTypes, statuses, workTypes } from "./known-values.ts";

// One writer per field: these are the town's own, the machines', the authority's or the Refinery's.
const reserved = new Set([
  ...["rig", "appointed", "authority", "machine", "machine_state", "sling", "placement", "exit"],
  ...["rejections", "merge", "merge_state", "gates", "attempts", "landed_commit", "reason"],
  ...["work", "formula", "molecule", "step", "order", "digest", "agent", "hook", "about"],
  ...["reply_to", "wisp", "drain", "drained", "lost", "handoff"],
]);
const types: readonly string[] = [...workTypes, ...otherTypes];
const given: readonly string[] = statuses.filter((status) => status !== "closed");
const madeByTheTown = [
  ...["molecule", "message", "merge-request", "agent", "rig", "machine", "event"],
];

/** A type that a caller may give a bead. */
export const issueType = z
  .string()
  .refine((type) => !madeByTheTown.includes(type), {
    error: "beads of this type are made by the town itself",
    abort: true,
  })
  .refine(isOneOf(types), `must be one of ${types.join(", ")}`);

/** A status that a caller may give a bead. */
export const status = z
  .string()
  .refine((word) => word !== "closed", { error: "is closed with CloseBead", abort: true })
  .refine((word) => word !== "tombstone", { error: "a bead is deleted by no update", abort: true })
  .refine(isOneOf(given), `must be one of ${given.join(", ")}`);

function isOneOf(known: readonly string[]): (word: string) => boolean {
  return (word) => known.includes(word);
}

const patchCharsMax = 400 * 1024;

/**
 * What a caller's metadata comes to: the fields that are written, and what may not be.
 *
 * @param held the bead that has metadata now: what is not given any more is cleared, and what is
 *   the town's own may come back as it was read
 */
export function metadataChange(
  metadata: JsonObject | undefined,
  held?: Bead,
): { readonly fields: Record<string, Json>; readonly violations: readonly Violation[] } {
  const given = metadataFields((metadata ?? {}) as Json);
  const fields: Record<string, Json> = {};
  const violations: Violation[] = [];
  for (const name of Object.keys(held?.fields ?? {})) {
    const own = name === "metadata" || (name.startsWith("gt.") && !isReserved(name));
    if (own && !Object.hasOwn(given, name)) fields[name] = null;
  }
  for (const [name, value] of Object.entries(given)) {
    if (!isReserved(name)) {
      if (name !== "metadata" || !isEmpty(value)) fields[name] = value;
    } else if (JSON.stringify(held?.fields[name]) !== JSON.stringify(value)) {
      violations.push({ field: `metadata.${name}`, description: "is written by the town itself" });
    }
  }
  const patch = given["gt.patch"];
  if (patch !== undefined && (typeof patch !== "string" || patch.length > patchCharsMax)) {
    const description = `must be a unified diff of at most ${patchCharsMax} characters`;
    violations.push({ field: "metadata.gt.patch", description });
  }
  return { fields, violations };
}

function isReserved(name: string): boolean {
  return name.startsWith("gt.") && reserved.has(name.slice("gt.".length));
}

function isEmpty(value: Json): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
