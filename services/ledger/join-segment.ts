import { isTownError } from "#services/rpc/town-error.ts";
import { decodeEvent, eventVersion } from "./event.ts";
import { splitLines } from "./recover.ts";

/**
 * A segment that stands elsewhere, followed by the events of ours that it lacks. What stands there
 * stays byte for byte: others have read it.
 */
export function joinSegment(theirs: Uint8Array, ours: Uint8Array): Uint8Array {
  const known = new Set(splitLines(theirs));
  const whole = ours.subarray(0, ours.lastIndexOf(lineEnd) + 1);
  const lacking = splitLines(whole).filter((line) => !known.has(line) && isEvent(line));
  if (lacking.length === 0) return theirs;
  const isEnded = theirs.length === 0 || theirs.at(-1) === lineEnd;
  const added = lacking.map((line) => `${line}\n`).join("");
  return Buffer.concat([theirs, Buffer.from(isEnded ? added : `\n${added}`)]);
}

/** One that nobody can read would stop this writer's fold everywhere. A later version's can be. */
function isEvent(line: string): boolean {
  try {
    decodeEvent(line);
    return true;
  } catch (error) {
    if (!isTownError(error, "invalid")) throw error;
    return /^\{"v":\d+,/.test(line) && Number.parseInt(line.slice(5), 10) > eventVersion;
  }
}

const lineEnd = 0x0a;
