import { join } from "node:path";
import type { Disk } from "./disk.ts";
import type { Segment } from "./recover.ts";

/** Part of our own journal that is not on the disk though it was: by path, up to which byte. */
export type Lost = ReadonlyMap<string, number>;

/**
 * What a journal lacks that was folded from it once: a disk was restored from two moments, or
 * somebody removed files.
 */
export function lostSegments(segments: readonly Segment[], folded: Lost): Lost {
  const there = new Map(
    segments.map(({ incarnation, name, durableBytes }) => [`${incarnation}/${name}`, durableBytes]),
  );
  return new Map([...folded].filter(([path, bytes]) => (there.get(path) ?? 0) < bytes));
}

/**
 * Write back what a journal lost, byte for byte as it was: others may have it from nowhere else.
 *
 * @param dir the journal's folder
 * @param folded how long each segment was, the lost ones among them
 * @param linesOf every line of an incarnation that the checkpoint has, by number
 * @returns one sentence for each segment, whether it could be written back or not
 */
export async function restoreSegments(
  disk: Disk,
  dir: string,
  lost: { readonly lost: Lost; readonly folded: Lost },
  linesOf: (incarnation: string) => Iterable<string>,
): Promise<string[]> {
  const told: string[] = [];
  for (const [incarnation, paths] of byIncarnation(lost.folded)) {
    const wanted = paths.filter(([path]) => lost.lost.has(path));
    if (wanted.length === 0) continue;
    const whole = layOut(paths, linesOf(incarnation));
    for (const [path, bytes] of wanted) {
      const isBack = await putBack(disk, join(dir, path), whole.get(path));
      const what = `${join(dir, path)} lacked some of the ${bytes} bytes that the checkpoint knows`;
      const but = "cannot be told from it: what peers have of them comes back from there";
      told.push(isBack ? `${what}: written back from it` : `${what}, which ${but}`);
    }
  }
  return told;
}

function byIncarnation(folded: Lost): Map<string, [path: string, bytes: number][]> {
  const sorted = [...folded].sort(([a], [b]) => (a < b ? -1 : 1));
  return Map.groupBy(sorted, ([path]) => path.slice(0, path.indexOf("/")));
}

/** The segments' texts, as far as the lines fill them exactly. */
function layOut(
  paths: readonly (readonly [path: string, bytes: number])[],
  lines: Iterable<string>,
): Map<string, Buffer> {
  const laid = new Map<string, Buffer>();
  const rest = lines[Symbol.iterator]();
  for (const [path, bytes] of paths) {
    const parts: Buffer[] = [];
    let length = 0;
    while (length < bytes) {
      const { done, value } = rest.next();
      if (done) return laid;
      const part = Buffer.from(`${value}\n`);
      parts.push(part);
      length += part.length;
    }
    if (length > bytes) return laid; // Something stood there that is no event.
    laid.set(path, Buffer.concat(parts));
  }
  return laid;
}

async function putBack(disk: Disk, path: string, whole: Buffer | undefined): Promise<boolean> {
  if (!whole) return false;
  const dir = join(path, "..");
  await disk.makeDir(dir);
  const names = await disk.list(dir);
  const there = names.includes(path.slice(dir.length + 1)) ? await disk.read(path) : Buffer.of();
  if (!whole.subarray(0, there.length).equals(there)) return false;
  const file = await disk.open(path);
  try {
    await file.append(whole.subarray(there.length));
    await file.sync();
  } finally {
    await file.close();
  }
  for (const each of [dir, join(dir, "..")]) await disk.syncDir(each);
  return true;
}
