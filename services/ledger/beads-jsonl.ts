import { z } from "zod";
import { TownError } from "#services/rpc/town-error.ts";
import type { Json } from "./bead-state.ts";
import { closeBead, createBead, tombstone } from "./drafts.ts";
import type { Draft, EdgeValue } from "./event.ts";
import { derivedUid } from "./ids.ts";

const timestamp = z
  .string()
  .refine(
    (text) => /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text)),
    "not an RFC 3339 time",
  );
const titleCharsMax = 500;
const title = z
  .string()
  .min(1)
  .refine((text) => [...text].length <= titleCharsMax, `over ${titleCharsMax} characters`);

const dependency = z.looseObject({
  depends_on_id: z.string().min(1),
  type: z.string().min(1).max(50).default("blocks"),
  created_at: timestamp.nullish(),
  created_by: z.string().nullish(),
});
const comment = z.looseObject({
  id: z.union([z.string(), z.number()]).nullish(),
  author: z.string().default(""),
  text: z.string().default(""),
  created_at: timestamp.nullish(),
});

/** One line of Beads' JSONL, as its sources (v0.47 to v1.0.5) write it; unknown keys are kept. */
const line = z.looseObject({
  id: z.string().min(1).max(200),
  title,
  status: z.string().min(1).default("open"),
  priority: z.number().int().min(0).max(4).default(2),
  issue_type: z.string().min(1).default("task"),
  created_at: timestamp.nullish(),
  updated_at: timestamp.nullish(),
  closed_at: timestamp.nullish(),
  close_reason: z.string().nullish(),
  due_at: timestamp.nullish(),
  defer_until: timestamp.nullish(),
  deleted_at: timestamp.nullish(),
  delete_reason: z.string().nullish(),
  labels: z.array(z.string()).nullish(),
  dependencies: z.array(dependency).nullish(),
  comments: z.array(comment).nullish(),
  metadata: z.json().optional(),
  ...Object.fromEntries(
    [
      ...["description", "design", "acceptance_criteria", "notes", "assignee", "owner"],
      ...["created_by", "external_ref", "sender", "mol_type", "source_formula", "await_type"],
      ...["await_id", "deleted_by", "original_type"],
    ].map((name) => [name, z.string().nullish()]),
  ),
});
type Line = z.infer<typeof line>;

/** One line, read: a bead with its drafts, or why it is kept out. */
export type BeadsLine =
  | { readonly kind: "bead"; readonly bead: ImportedBead }
  | { readonly kind: "skipped"; readonly why: string };

/** A bead from a file of Beads. */
export type ImportedBead = {
  readonly id: string;
  /** Derived from id and creation time, so that importing twice is importing once. */
  readonly uid: string;
  readonly title: string;
  readonly issueType: string;
  readonly createdAt: string;
  /** Closed, or deleted. */
  readonly isEnded: boolean;
  /** Its edges, with the ids of their targets as the file has them. */
  readonly edges: readonly EdgeValue[];
  /** What files it; `resolve` gives a target's uid where it is known, else the id itself. */
  readonly drafts: (resolve: (id: string) => string) => Draft[];
};

/**
 * Read one line of a Beads JSONL file. Fails with `invalid`, naming the line and what is wrong.
 *
 * @param number the line's, counted from 1, for messages
 */
export function readBeadsLine(text: string, number: number): BeadsLine {
  const json = parse(text, number);
  if (Object.hasOwn(json, "_schema")) return { kind: "skipped", why: skip(number, "a schema") };
  const { _type: type = "issue", ...row } = json;
  if (type !== "issue") return { kind: "skipped", why: skip(number, `of type ${String(type)}`) };
  const read = line.safeParse(row);
  if (!read.success) throw bad(number, read.error.issues.map(describe).join("; "));
  return { kind: "bead", bead: importedBead(read.data) };
}

function parse(text: string, number: number): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw bad(number, `not JSON (${(cause as Error).message})`);
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    return json as Record<string, unknown>;
  }
  throw bad(number, "not a JSON object");
}

function skip(number: number, what: string): string {
  return `line ${number}: ${what}, not a bead`;
}

function bad(number: number, what: string): TownError {
  const violations = [{ field: `lines[${number - 1}]`, description: what }];
  return new TownError("invalid", `line ${number}: ${what}`, { violations });
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${path.join(".")}: ${message}` : message;
}

// These are written by operations of their own, or say what the line's place says.
const notFields = new Set(["id", "labels", "dependencies", "comments", "closed_at", "metadata"]);

function importedBead(row: Line): ImportedBead {
  const { id, created_at: createdAt } = row;
  const uid = derivedUid("import", id, createdAt ?? "");
  const edges = (row.dependencies ?? []).map(edgeOf);
  return {
    id,
    uid,
    title: row.title,
    issueType: row.issue_type,
    createdAt: createdAt ?? "",
    isEnded: isEnded(row),
    edges,
    drafts: (resolve) => [...endings(uid, row), creation(uid, row, edges, resolve)],
  };
}

function creation(
  uid: string,
  row: Line,
  edges: readonly EdgeValue[],
  resolve: (id: string) => string,
): Draft {
  const { id, title, status, priority, issue_type: issueType, labels, comments } = row;
  const standing = isEnded(row) ? "open" : status;
  return createBead({
    uid,
    id,
    title,
    issueType,
    priority,
    // The close and the tombstone are what says so; a bead that is reopened is then open.
    status: standing,
    fields: { ...fieldsOf(row), status: standing },
    labels: labels ?? [],
    edges: edges.map((edge) => ({ ...edge, to: resolve(edge.to) })),
    comments: (comments ?? []).map((each) => {
      const { id, issue_id: _, created_at: createdAt, ...rest } = each;
      return {
        ...rest,
        ...(id !== undefined && id !== null && { id: String(id) }),
        ...(createdAt && { created_at: createdAt }),
      };
    }),
  });
}

function isEnded({ status }: Line): boolean {
  return status === "closed" || status === "tombstone";
}

/**
 * How the bead ended. These come before its creation, so that the newest write is the one that
 * carries `updated_at`, which then stays as the file has it.
 */
function endings(uid: string, row: Line): Draft[] {
  const { status, close_reason: reason, delete_reason: deleteReason } = row;
  if (status === "tombstone") return [tombstone(uid, deleteReason ?? "")];
  if (status !== "closed") return [];
  const closedAt = row.closed_at ?? row.updated_at ?? undefined;
  return [closeBead(uid, { close: "import", kind: "done", reason: reason ?? "", closedAt })];
}

function edgeOf(row: z.infer<typeof dependency>): EdgeValue {
  const { issue_id: _, depends_on_id: to, created_at: at, created_by: by, ...rest } = row;
  return { ...rest, to, ...(at && { created_at: at }), ...(by && { created_by: by }) };
}

/** Every field as written; what `metadata.gt` holds becomes fields of ours, `gt.…`. */
function fieldsOf(row: Line): Record<string, Json> {
  const fields: Record<string, Json> = {};
  for (const [name, value] of Object.entries(row)) {
    if (notFields.has(name) || value === undefined || value === null) continue;
    fields[name] = value as Json;
  }
  return { ...fields, ...metadataFields(row.metadata as Json | undefined) };
}

/** `metadata` as fields: its `gt` object becomes fields of ours, the rest stays as it is. */
export function metadataFields(metadata: Json | undefined): Record<string, Json> {
  if (metadata === undefined || metadata === null) return {};
  if (!isObject(metadata) || !isObject(metadata["gt"])) return { metadata };
  const { gt, ...rest } = metadata;
  const own = Object.entries(gt).map(([name, value]): [string, Json] => [`gt.${name}`, value]);
  return { ...Object.fromEntries(own), ...(Object.keys(rest).length > 0 && { metadata: rest }) };
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
