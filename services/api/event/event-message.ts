import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WatchEventsResponseSchema } from "#proto/gastown/v1/event_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import type { Json } from "#services/ledger/bead-state.ts";
import { stampTime } from "#services/ledger/clock.ts";
import { type LedgerEvent, type Operation, writerMachine } from "#services/ledger/event.ts";
import type { World } from "#services/ledger/world.ts";
import { showBead, timestampOf } from "../bead-message.ts";

type EventInit = Exclude<MessageInitShape<typeof WatchEventsResponseSchema>, { $typeName: string }>;

const kinds: Readonly<Record<Operation, string>> = {
  create: "created",
  set: "updated",
  label: "updated",
  unlabel: "updated",
  link: "linked",
  unlink: "linked",
  comment: "commented",
  uncomment: "updated",
  claim: "claimed",
  spawn: "updated",
  release: "released",
  close: "closed",
  reopen: "reopened",
  delete: "deleted",
  tier: "moved",
};

/** One change as the API shows it, with the bead as it is after it. */
export function eventMessage(
  event: LedgerEvent,
  bead: Bead,
  world: World,
  nowMs: number,
): EventInit {
  const { op, values, actor, epoch = "", writer } = event;
  const time = timestampOf(stampTime(event.clock));
  return {
    kind: kindOf(op),
    bead: showBead(bead, world, nowMs),
    actor,
    machine: text(values["machine"]) || writerMachine(writer),
    epoch,
    summary: summaryOf(event, bead, world),
    ...(time && { time }),
  };
}

/** What an operation comes to: created, updated, …; `updated` for those of a later version. */
export function kindOf(op: string): string {
  return Object.hasOwn(kinds, op) ? kinds[op as Operation] : "updated";
}

/** One event on one line, for people. */
export function summaryOf(event: LedgerEvent, bead: Bead | undefined, world: World): string {
  return oneLine(summarise(event, bead, world));
}

const summaryCharsMax = 200;

function oneLine(words: string): string {
  const line = words.replaceAll(/\s+/g, " ").trim();
  return line.length > summaryCharsMax ? `${line.slice(0, summaryCharsMax - 1)}…` : line;
}

function summarise(
  { op, values, epoch, actor }: LedgerEvent,
  bead: Bead | undefined,
  world: World,
): string {
  switch (op) {
    case "set":
      return summariseFields(object(values["fields"]));
    case "label":
      return `labelled ${list(values["add"]).join(", ")}`;
    case "unlabel":
      return `no longer labelled ${Object.keys(object(values["remove"])).join(", ")}`;
    case "link":
      return listEdges(values["add"], world);
    case "unlink":
      return "an edge was removed";
    case "comment":
      return `${text(values["author"])}: ${text(values["text"])}`;
    case "uncomment":
      return "a comment was taken back";
    case "claim":
      return `claimed by ${text(values["polecat"])} on ${text(values["machine"])}, epoch ${epoch}`;
    case "spawn":
      return `a worker was started on ${text(values["machine"])}, epoch ${epoch}`;
    case "tier":
      return `kept in the ${text(values["tier"])} tier`;
    case "close":
      return [text(values["kind"]), text(values["reason"])].filter((word) => word).join(": ");
    case "release":
    case "reopen":
    case "delete":
      return text(values["reason"]) || `by ${actor}`;
    default:
      return bead?.title ?? "";
  }
}

/** What a write of fields comes to: our own are told in words, the others by name. */
function summariseFields(fields: { readonly [name: string]: Json }): string {
  const words = Object.entries(fields).map(([name, value]) => {
    if (name === "gt.placement") return `placed on ${text(object(value)["machine"])}`;
    if (name === "gt.sling") return `slung by ${text(object(value)["by"])}`;
    if (name === "gt.merge_state") return `the merge request is ${text(value)}`;
    if (name === "gt.exit") {
      return `exit ${text(object(value)["kind"])}: ${text(object(value)["summary"])}`;
    }
    const isShort = typeof value === "number" || (typeof value === "string" && value.length < 40);
    return isShort ? `${name}: ${value}` : name;
  });
  return words.join(", ");
}

function listEdges(value: Json | undefined, world: World): string {
  const edges = Array.isArray(value) ? value.map(object) : [];
  return edges
    .map((edge) => `${text(edge["type"])} ${world.bead(text(edge["to"]))?.id ?? text(edge["to"])}`)
    .join(", ");
}

function object(value: Json | undefined): { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function list(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
