import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

/** A length of time for people, its two greatest units: `12s`, `1m 04s`, `2h 03m`, `3d 4h`. */
export function elapsed(lengthMs: number): string {
  const seconds = Math.max(0, Math.floor(lengthMs / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${twoDigits(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${twoDigits(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** How long ago something was: `just now`, `12s ago`, `3m ago`, `in 2h`; `-` where it never was. */
export function ago(time: Timestamp | undefined, nowMs: number): string {
  if (time === undefined) return "-";
  const pastMs = nowMs - timestampMs(time);
  if (Math.abs(pastMs) < 1_000) return "just now";
  return pastMs > 0 ? `${coarse(pastMs)} ago` : `in ${coarse(-pastMs)}`;
}

function coarse(lengthMs: number): string {
  return elapsed(lengthMs).split(" ")[0] ?? "";
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
