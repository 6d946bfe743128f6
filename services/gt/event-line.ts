import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { WatchEventsResponse } from "#proto/gastown/v1/event_service_pb.ts";
import { paintStatus } from "./glyphs.ts";
import { cut, oneLine } from "./one-line.ts";
import type { Paint } from "./terminal.ts";

const kindColumns = 9;
const leastColumns = 12;

/** One event for people: when, what, which bead, in whose words; cut to the display columns. */
export function eventLine(
  event: WatchEventsResponse,
  paint: Paint,
  columns = Number.POSITIVE_INFINITY,
): string {
  const { time, kind, bead, summary, machine } = event;
  const clock = time === undefined ? "        " : clockTime(timestampDate(time));
  const word = paintStatus(bead?.status ?? "", oneLine(kind).padEnd(kindColumns), paint);
  const text = summary === "" ? (bead?.title ?? "") : summary;
  const id = oneLine(bead?.id ?? "");
  const place = machine === "" ? "" : `  ${oneLine(machine)}`;
  const taken = clock.length + Math.max(kindColumns, oneLine(kind).length) + id.length + 4;
  const room = columns - taken - place.length;
  // Where there is no room for both, what happened matters more than where.
  const isNarrow = room < leastColumns;
  const said = cut(oneLine(text), isNarrow ? columns - taken : room);
  return `${paint.dim(clock)} ${word} ${id}  ${said}${isNarrow ? "" : paint.dim(place)}`;
}

function clockTime(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}
