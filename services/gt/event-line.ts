import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { WatchEventsResponse } from "#proto/gastown/v1/event_service_pb.ts";
import { paintStatus } from "./glyphs.ts";
import { oneLine } from "./one-line.ts";
import type { Paint } from "./terminal.ts";

const kindColumns = 9;

/** One event for people: when, what, which bead, in whose words. */
export function eventLine(event: WatchEventsResponse, paint: Paint): string {
  const { time, kind, bead, summary, machine } = event;
  const clock = time === undefined ? "        " : clockTime(timestampDate(time));
  const word = paintStatus(bead?.status ?? "", oneLine(kind).padEnd(kindColumns), paint);
  const text = summary === "" ? (bead?.title ?? "") : summary;
  const where = machine === "" ? "" : `  ${paint.dim(oneLine(machine))}`;
  return `${paint.dim(clock)} ${word} ${oneLine(bead?.id ?? "")}  ${oneLine(text)}${where}`;
}

function clockTime(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}
