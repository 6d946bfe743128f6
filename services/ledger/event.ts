import { hash } from "node:crypto";
import { z } from "zod";
import { TownError } from "#services/rpc/town-error.ts";
import type { Json } from "./bead-state.ts";
import type { Stamp } from "./clock.ts";
import { eventDepthMax, isDeeper } from "./depth.ts";
import { isEpoch } from "./epoch.ts";

/** The newest event format that this version writes and understands. */
export const eventVersion = 1;

/** The end of the year 9999: a time after it has no RFC 3339, and a little later none at all. */
const msMax = Date.UTC(10_000, 0) - 1;

/** An edge as an event carries it: `to` is the target's uid, or its id where no uid was known. */
export const EdgeValue = z.looseObject({
  to: z.string().min(1),
  type: z.string().min(1).max(50),
  created_at: z.string().optional(),
  created_by: z.string().optional(),
});
export type EdgeValue = z.infer<typeof EdgeValue>;

/** A value that JSON can hold, without the copy of it that `z.json()` makes. */
const json = z.custom<Json>((value) => isJson(value), "not a JSON value");
const scalars = z.record(z.string(), json);
const cursor = z.looseObject({
  /** The steps regarded as done, by uid, each with its pushed commit (or empty where none). */
  steps: z.record(z.string(), z.string()),
  /** The commit to go on from, or empty for the target's tip. */
  commit: z.string(),
});
export type Cursor = z.infer<typeof cursor>;

const comment = z.looseObject({
  id: z.string().optional(),
  author: z.string(),
  text: z.string(),
  created_at: z.string().optional(),
});

/** What each operation carries. Keys that this version does not know are kept. */
export const operations = {
  create: z.looseObject({
    id: z.string().min(1).max(200),
    fields: scalars,
    labels: z.array(z.string()).optional(),
    edges: z.array(EdgeValue).optional(),
    comments: z.array(comment).optional(),
  }),
  set: z.looseObject({ fields: scalars }),
  label: z.looseObject({ add: z.array(z.string()) }),
  unlabel: z.looseObject({ remove: z.record(z.string(), z.array(z.string())) }),
  link: z.looseObject({ add: z.array(EdgeValue) }),
  unlink: z.looseObject({ remove: z.record(z.string(), z.array(z.string())) }),
  comment,
  uncomment: z.looseObject({ remove: z.array(z.string()) }),
  claim: z.looseObject({ machine: z.string(), polecat: z.string(), cursor: cursor.optional() }),
  spawn: z.looseObject({ session: z.string(), machine: z.string() }),
  release: z.looseObject({ reason: z.string(), exit: z.string().optional() }),
  close: z.looseObject({
    close: z.string().min(1),
    reason: z.string(),
    kind: z.string(),
    closed_at: z.string().optional(),
    commit: z.string().optional(),
    request: z.string().optional(),
  }),
  reopen: z.looseObject({ closes: z.array(z.string()), reason: z.string() }),
  delete: z.looseObject({ reason: z.string(), digest: z.string().optional() }),
  /** Where an ended bead is kept from now on; whatever happens to it later brings it up again. */
  tier: z.looseObject({ tier: z.string().min(1).max(50) }),
} as const;

export type Operation = keyof typeof operations;
export type Values<O extends Operation> = z.infer<(typeof operations)[O]>;

/** What a caller wants to write; the ledger adds writer, number, clock and chain. */
export type Draft = {
  [O in Operation]: {
    readonly bead: string;
    readonly op: O;
    readonly values: Values<O>;
    /** The attempt that this effect belongs to, with its respawn: `4.2.0`. */
    readonly epoch?: string;
    /** `requestKey(…)`, and `:<content>` behind it: the same request is applied once. */
    readonly request?: string;
  };
}[Operation];

/** One event as it stands in a segment, one JSON object a line. */
const envelope = z.looseObject({
  v: z.number().int().positive(),
  writer: z.string().regex(/^[a-z][a-z0-9-]{0,31}\.[a-z0-9]{4,16}$/),
  seq: z.number().int().positive(),
  clock: z.tuple([z.number().int().nonnegative().max(msMax), z.number().int().nonnegative()]),
  actor: z.string().min(1),
  bead: z.string().min(1),
  op: z.string().min(1),
  values: z.record(z.string(), json),
  epoch: z.string().refine(isEpoch, "an epoch such as 4.2").optional(),
  request: z.string().optional(),
  prev: z.string(),
});

/** One event, written by one incarnation of one writer. */
export type Envelope = {
  /** The format's version. */
  readonly v: number;
  /** The writer's incarnation: `<machine>.<random>`. */
  readonly writer: string;
  /** 1, 2, 3 … without gaps, per incarnation. */
  readonly seq: number;
  readonly clock: Stamp;
  /** The principal: `overseer`, `rigs/alpha/polecats/nux`, `mayor`, … */
  readonly actor: string;
  /** The uid of the bead that changes. */
  readonly bead: string;
  readonly op: string;
  readonly values: Readonly<Record<string, Json>>;
  readonly epoch?: string | undefined;
  readonly request?: string | undefined;
  /** The hash of the writer's previous event; empty for its first. */
  readonly prev: string;
};

/** An event with its identity: the hash of its line, which is kept and passed on as it came. */
export type LedgerEvent = Envelope & { readonly hash: string; readonly line: string };

function isJson(value: unknown, depth = 0): value is Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return false;
  if (depth === eventDepthMax) return false;
  const isMember = (each: unknown) => isJson(each, depth + 1);
  if (Array.isArray(value)) return value.every(isMember);
  const made = Object.getPrototypeOf(value);
  return (made === Object.prototype || made === null) && Object.values(value).every(isMember);
}

/** The identity of an event: SHA-256 of its line without the line end, base64url. */
export function hashLine(line: string): string {
  return hash("sha256", line, "base64url"); // In one go: a third of what a Hash object costs.
}

/** Read one line. Throws `invalid` that says what is wrong with it. */
export function decodeEvent(line: string): LedgerEvent {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new TownError("invalid", "not JSON", { cause });
  }
  checkDepth(json);
  const read = envelope.safeParse(json);
  const version = (json as { v?: unknown } | null)?.v;
  if (typeof version === "number" && version > eventVersion) {
    const what = `written in format ${version}, and this version reads up to ${eventVersion}`;
    throw new TownError("invalid", `${what}: update this machine`);
  }
  if (!read.success) throw new TownError("invalid", z.prettifyError(read.error));
  checkValues(read.data);
  const event = read.data as Envelope & Record<string, unknown>;
  return { ...event, hash: hashLine(line), line };
}

function checkDepth(json: unknown): void {
  if (!isDeeper(json, eventDepthMax)) return;
  throw new TownError("invalid", `values are nested more than ${eventDepthMax} deep`);
}

function checkValues(event: { readonly op: string; readonly values: unknown }): void {
  if (!Object.hasOwn(operations, event.op)) return; // A later version's; kept and passed on.
  const read = operations[event.op as Operation].safeParse(event.values);
  if (!read.success) throw new TownError("invalid", `${event.op}: ${z.prettifyError(read.error)}`);
}

const drafted = envelope.pick({ actor: true, bead: true, op: true, epoch: true, request: true });

/** Fails with `invalid` where nobody could read what a draft would be written as. */
export function checkDraft(actor: string, draft: Draft): void {
  const read = drafted.safeParse({ ...draft, actor });
  if (!read.success) throw new TownError("invalid", z.prettifyError(read.error));
  checkDepth({ values: draft.values });
  checkValues(draft);
}

/** Write one event as a line, without the line end. */
export function encodeEvent(event: Envelope): LedgerEvent {
  checkDepth(event);
  checkValues(event);
  return writeEvent(event);
}

/** The same, of a draft that {@link checkDraft} has passed: looking twice is dear. */
export function writeEvent(event: Envelope): LedgerEvent {
  const line = JSON.stringify(event);
  return { ...event, hash: hashLine(line), line };
}

/** The machine (or `town`) whose process wrote under this incarnation. */
export function writerMachine(writer: string): string {
  return writer.slice(0, writer.indexOf("."));
}
