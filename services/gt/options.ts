import type { JsonObject } from "@bufbuild/protobuf";
import { InvalidArgumentError } from "commander";

/** Read a priority, 0 to 4. */
export function priority(text: string): number {
  const digits = /^[pP]?([0-4])$/.exec(text)?.[1];
  if (digits === undefined) throw new InvalidArgumentError("It is 0 (most urgent) to 4.");
  return Number(digits);
}

/** Read a number of things, 0 or more. */
export function count(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Read a length of time, `90s`, `30m`, `2h` or `1d`, in seconds. */
export function lengthSeconds(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text.trim()) ?? [];
  const factor = unitSeconds[unit];
  if (factor === undefined) throw new InvalidArgumentError("It is 90s, 30m, 2h or 1d.");
  return Number(digits) * factor;
}

/** Read a length of time in seconds, of which there may be at most so many days. */
export function lengthUpTo(daysMax: number): (text: string) => number {
  return (text) => {
    const seconds = lengthSeconds(text);
    if (seconds <= daysMax * 86_400) return seconds;
    throw new InvalidArgumentError(`It is at most ${daysMax}d.`);
  };
}

/** Read a number of days, 0 or more. */
export function days(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError("It must be a number of days.");
}

/** Read `type:id`; an id alone is a bead that must be closed first. */
export function dependency(text: string): { dependsOnId: string; type: string } {
  const at = text.indexOf(":");
  if (at < 0) return { dependsOnId: text, type: "blocks" };
  return { dependsOnId: text.slice(at + 1), type: text.slice(0, at) };
}

/** Read a JSON object. */
export function metadata(text: string): JsonObject {
  const value = parsed(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw new InvalidArgumentError("It must be a JSON object.");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("It is not JSON.");
  }
}

/** Read `name=command`, or a command, whose first word then names it. */
export function gate(text: string): { name: string; command: string } {
  const named = /^([a-z][a-z0-9-]*)=(.+)$/s.exec(text);
  const [, name, command] = named ?? [];
  if (name !== undefined && command !== undefined) return { name, command };
  const words = text.trim().split(/\s+/).slice(0, 3).join("-");
  const derived = words
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return { name: derived.slice(0, 32) || "gate", command: text };
}

/** Read names separated by commas. */
export function names(text: string, before: readonly string[] = []): string[] {
  const given = text.split(",").map((name) => name.trim());
  return [...before, ...given.filter((name) => name !== "")];
}
