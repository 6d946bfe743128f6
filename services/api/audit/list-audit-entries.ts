import { z } from "zod";
import type { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import { stampTime } from "#services/ledger/clock.ts";
import { writerMachine } from "#services/ledger/event.ts";
import { type LogEntry, readEntry } from "#services/ledger/event-log.ts";
import { type FieldValues, parseFilter, passes } from "#services/ledger/filter.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { narrate, type Told } from "#services/ledger/narrate.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { invalid } from "../check.ts";
import { kindOf } from "../event/event-message.ts";
import { pageBytesMax, pageSize, readToken, writeToken } from "../page.ts";
import { takeTurns } from "../take-turns.ts";
import { auditEntry, weighEntry } from "./audit-entry.ts";

const auditFields = {
  actor: "word",
  machine: "word",
  bead: "word",
  operation: "word",
  kind: "word",
  epoch: "word",
  time: "date",
} as const;
type AuditField = keyof typeof auditFields;

/** Names an event for the next page. */
const Place = z.object({
  stamp: z.tuple([z.number(), z.number()]),
  writer: z.string(),
  seq: z.number(),
  hash: z.string(),
});
type Place = z.infer<typeof Place>;

/** Every event of the ledger that matches a filter, a page at a time: one entry each. */
export function listAuditEntries({
  ledger,
}: Pick<ApiPorts, "ledger">): MethodImpl<typeof AuditService.method.listAuditEntries> {
  const { world } = ledger;
  return async (request, { signal }) => {
    const wanted = request.filter.trim();
    const filter = wanted === "" ? undefined : parseFilter(wanted, auditFields);
    const newestFirst = isDescending(request.orderBy);
    const query = `audit ${newestFirst} ${wanted}`;
    const last = placeIn(request.pageToken, query);
    const size = pageSize(request);
    const tell = teller(ledger);
    const page: Told[] = [];
    let bytes = 0;
    for await (const entry of takeTurns(ledger.log().walk(newestFirst, last), signal)) {
      if (filter && !passes(filter, valuesOf(entry, world))) continue;
      const told = tell(entry);
      bytes += weighEntry(told);
      const end = page.at(-1);
      if (end && (page.length === size || bytes > pageBytesMax)) {
        return { entries: show(page, world), nextPageToken: writeToken(placeOf(end), query) };
      }
      page.push(told);
    }
    return { entries: show(page, world), nextPageToken: "" };
  };
}

function show(page: readonly Told[], world: World) {
  return page.map((told) => auditEntry(told, world));
}

function isDescending(orderBy: string): boolean {
  const words = orderBy.trim().split(/\s+/).join(" ");
  if (words === "" || words === "time" || words === "time asc") return false;
  if (words === "time desc") return true;
  throw invalid([{ field: "order_by", description: "is `time` or `time desc`" }]);
}

function valuesOf(entry: LogEntry, world: World): FieldValues<AuditField> {
  return (field) => {
    switch (field) {
      case "actor":
        return [entry.actor];
      case "machine":
        return [writerMachine(entry.writer)];
      case "bead":
        return namesOf(entry.bead, world);
      case "operation":
        return [entry.op];
      case "kind":
        return [kindOf(entry.op)];
      case "epoch":
        return [entry.epoch ?? ""];
      case "time":
        return [stampTime(entry.stamp)];
    }
  };
}

/** Its uid, its id, and those that it bore before. */
function namesOf(uid: string, world: World): string[] {
  const creations = world.state(uid)?.creations.values() ?? [];
  const id = world.bead(uid)?.id;
  return [uid, ...(id === undefined ? [] : [id]), ...[...creations].map((each) => each.id)];
}

/** Events with what they changed; a bead's history is told once a page. */
function teller(ledger: Ledger): (entry: LogEntry) => Told {
  const histories = new Map<string, Map<string, Told>>();
  return (entry) => {
    const { bead } = entry;
    let history = histories.get(bead);
    if (!history) {
      const all = narrate(bead, ledger.history(bead), ledger.world);
      history = new Map(all.map((told) => [told.event.line, told]));
      histories.set(bead, history);
    }
    return history.get(entry.line) ?? { event: readEntry(entry), changes: [], late: false };
  };
}

function placeOf({ event: { clock, writer, seq, hash } }: Told): Place {
  return { stamp: [...clock], writer, seq, hash };
}

function placeIn(token: string, query: string): Place | undefined {
  const key = readToken(token, query);
  if (key === undefined) return undefined;
  const read = Place.safeParse(key);
  if (read.success) return read.data;
  throw invalid([{ field: "page_token", description: "is not one that was given out" }]);
}
