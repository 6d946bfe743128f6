import { createHash } from "node:crypto";
import type { Observation } from "../invariants/observation.ts";
import type { Final, RunRecord } from "../invariants/record.ts";

/**
 * One line of text for a whole history: all that was seen, in its order, and what every replica
 * held at the end. Two runs with the same digest did the same, byte for byte.
 */
export function digestOf({ observations, finals, ending }: RunRecord): string {
  const hash = createHash("sha256");
  for (const seen of observations) hash.update(`${textOf(seen)}\n`);
  for (const final of finals) hash.update(`${headsOf(final)}\n`);
  hash.update(`${statesOf(finals[0])}\n${JSON.stringify(ending)}`);
  return hash.digest("hex");
}

/** One digest for many runs, as they come. */
export function chain(before: string, digest: string): string {
  return createHash("sha256").update(`${before} ${digest}`).digest("hex");
}

/** An observation as text: of an event its hash, which is all of it. */
export function textOf(seen: Observation): string {
  switch (seen.kind) {
    case "appended":
      return `appended ${seen.atMs} ${seen.by} ${seen.events.map(({ hash }) => hash).join()}`;
    case "disk":
      return JSON.stringify({ ...seen, held: [...seen.held].sort() });
    case "watched":
      return `watched ${seen.atMs} ${seen.watch} ${seen.what} ${seen.position}`;
    default:
      return JSON.stringify(seen);
  }
}

function headsOf({ of, heads, hashes, state }: Final): string {
  const each = [...(heads ?? [])].map(([writer, { seq, hash }]) => `${writer} ${seq} ${hash}`);
  return JSON.stringify([of, each.sort(), [...(hashes ?? [])].sort(), state]);
}

function statesOf(final: Final | undefined): string {
  return JSON.stringify([...(final?.world.everywhere() ?? [])]);
}
