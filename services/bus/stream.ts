import { ledgerSubjects } from "./subjects.ts";

/** How much a town's stream keeps; the oldest goes first. */
export type StreamLimits = { readonly bytesMax: number; readonly ageMaxMs: number };

/** A day of ledger events at most: what was missed for longer comes by git. */
export const streamLimits: StreamLimits = {
  bytesMax: 512 * 1024 * 1024,
  ageMaxMs: 24 * 3_600_000,
};

/** Below this a stream is of no use, and creating it fails. */
export const streamBytesMin = 8 * 1024 * 1024;

const dedupeWindowMs = 120_000;

/** The name of a town's stream. */
export function streamName(town: string): string {
  return `GT_${town}`;
}

/** A stream as the JetStream API takes it (durations in ns), but for what all of ours share. */
export type StreamPlan = {
  readonly name: string;
  readonly description: string;
  readonly subjects: string[];
  readonly max_age: number;
  readonly max_bytes: number;
  readonly duplicate_window: number;
  readonly num_replicas: number;
  readonly compress: boolean;
};

/** What a town's stream is to be on a server of this version. */
export function streamPlan(town: string, limits: StreamLimits, serverVersion: string): StreamPlan {
  return {
    name: streamName(town),
    description: `ledger events of the town ${town}; a copy, never the truth`,
    subjects: [ledgerSubjects(town)],
    max_age: limits.ageMaxMs * 1e6,
    max_bytes: limits.bytesMax,
    duplicate_window: Math.min(dedupeWindowMs, limits.ageMaxMs) * 1e6,
    num_replicas: 1,
    compress: isAtLeast(serverVersion, 2, 10),
  };
}

/** What the operator should know of a server of this version; undefined when nothing. */
export function serverNotice(version: string): string | undefined {
  if (!isAtLeast(version, 2, 9)) {
    return `nats-server ${version} is older than 2.9: signals work, stored messages may not`;
  }
  if (!isAtLeast(version, 2, 10)) {
    return `nats-server ${version} does not compress its store (2.10 would); all else is the same`;
  }
  return undefined;
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ourMajor = 0, ourMinor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return ourMajor > major || (ourMajor === major && ourMinor >= minor);
}
