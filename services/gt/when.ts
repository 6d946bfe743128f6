import { UsageError } from "./usage-error.ts";

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * A point in time as people give it: `30m`, `2h`, `3d`, `1w` from now, or a date (RFC 3339).
 *
 * @throws UsageError
 */
export function parseWhen(text: string, nowMs: number): Date {
  const relative = /^\+?(\d{1,6})([smhdw])$/.exec(text.trim());
  const [, count, unit] = relative ?? [];
  if (count !== undefined && unit !== undefined) {
    return new Date(nowMs + Number(count) * (unitMs[unit] ?? 0));
  }
  const date = /^\d{4}-\d{2}-\d{2}/.test(text.trim()) ? new Date(text.trim()) : undefined;
  if (date !== undefined && Number.isFinite(date.getTime())) return date;
  throw new UsageError(`"${text}" is no time: say 30m, 2h, 3d, 1w or 2026-03-01T09:00Z`);
}

/**
 * A point in the past as people give it: `30m`, `2h`, `3d`, `1w` ago, or a date (RFC 3339).
 *
 * @throws UsageError
 */
export function parseSince(text: string, nowMs: number): Date {
  const lengthMs = parseWhen(text, nowMs).getTime() - nowMs;
  return /[smhdw]$/.test(text.trim()) ? new Date(nowMs - lengthMs) : new Date(nowMs + lengthMs);
}
