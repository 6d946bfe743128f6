import { z } from "zod";
import type { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import { stampTime } from "#services/ledger/clock.ts";
import { writerMachine } from "#services/ledger/event.ts";
import {
  compareEntries,
  type Log,
  type LogEntry,
  readEntry,
} from "#services/ledger/event-index.ts";
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

/** Names an event for the next page: stamp, writer, number, hash. */
const Place = z.tuple([z.number(), z.number(), z.string(), z.number(), z.string()]);
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
    for await (const entry of takeTurns(walk(ledger.log(), newestFirst, last), signal)) {
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

/** The log from one end to the other, or from after a place. */
function* walk(log: Log, newestFirst: boolean, last: Place | undefined): Iterable<LogEntry> {
  const step = newestFirst ? -1 : 1;
  let at = last ? indexAfter(log, last, step) : newestFirst ? log.length - 1 : 0;
  for (let entry = log.at(at); entry; entry = log.at(at)) {
    yield entry;
    at += step;
  }
}

function indexAfter(log: Log, last: Place, step: 1 | -1): number {
  const [ms, count, writer, seq, hash] = last;
  const key = { stamp: [ms, count], writer, seq, line: "" } as const;
  let low = 0;
  for (let high = log.length; low < high; ) {
    const middle = (low + high) >> 1;
    const entry = log.at(middle);
    if (entry && compareEntries(entry, key) < 0) low = middle + 1;
    else high = middle;
  }
  // Forks share a number: the hash tells which of them it was.
  for (let at = low; ; at += 1) {
    const entry = log.at(at);
    if (entry?.writer !== writer || entry.seq !== seq) break;
    if (readEntry(entry).hash === hash) return at + step;
  }
  return step > 0 ? low : low - 1;
}

function placeOf({ event: { clock, writer, seq, hash } }: Told): Place {
  return [...clock, writer, seq, hash];
}

function placeIn(token: string, query: string): Place | undefined {
  const key = readToken(token, query);
  if (key === undefined) return undefined;
  const read = Place.safeParse(key);
  if (read.success) return read.data;
  throw invalid([{ field: "page_token", description: "is not one that was given out" }]);
}
