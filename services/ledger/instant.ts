/**
 * Order two RFC 3339 times as instants, to the nanosecond: negative where `a` is earlier. One that
 * cannot be read is earlier than any other.
 */
export function compareInstants(a: string, b: string): number {
  const [first, second] = [instantOf(a), instantOf(b)];
  if (first.ms !== second.ms) return first.ms < second.ms ? -1 : 1;
  return first.nanos - second.nanos;
}

/** Whole seconds in ms, and the nanoseconds within. */
function instantOf(text: string): { ms: number; nanos: number } {
  const fraction = /^([^.]*)\.(\d+)(.*)$/.exec(text);
  const ms = Date.parse(fraction ? `${fraction[1]}${fraction[3]}` : text);
  const nanos = Number((fraction?.[2] ?? "").slice(0, 9).padEnd(9, "0"));
  return Number.isNaN(ms) ? { ms: Number.NEGATIVE_INFINITY, nanos: 0 } : { ms, nanos };
}

/**
 * Whether two spellings may be of one creation. Some versions of Beads cut times to the second when
 * they write a line anew, and a line that says nothing contradicts nobody.
 */
export function isSameCreation(a: string, b: string): boolean {
  if (a === "" || b === "") return true;
  return Math.abs(Date.parse(a) - Date.parse(b)) < 1_000;
}
