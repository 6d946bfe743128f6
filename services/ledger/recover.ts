import { join } from "node:path";
import type { Disk } from "./disk.ts";

/** One segment file of one incarnation, as far as it is durable. */
export type Segment = {
  readonly incarnation: string;
  /** File name, `000001.jsonl`. */
  readonly name: string;
  readonly durableBytes: number;
};

/** One line of an earlier incarnation. */
export type FoundLine = {
  readonly line: string;
  /** `<incarnation>/<segment>:<line number>`. */
  readonly at: string;
  /** What is wrong with it, where that shows without reading it. */
  readonly fault?: string;
};

/** What a start found: the lines of every earlier incarnation, and what had to be cut off. */
export type Recovery = {
  readonly lines: readonly FoundLine[];
  /** One sentence for each torn tail that was cut. */
  readonly torn: readonly string[];
  readonly segments: readonly Segment[];
};

const readsAtOnce = 16;

/**
 * Read what earlier incarnations left in a journal's folder.
 *
 * What a crash may leave at the end of an incarnation's last segment is cut off: nobody was told
 * that it is durable. The like in an earlier segment is no crash's doing, and is kept as it is.
 *
 * @param folded how many bytes of a segment, `<incarnation>/<name>`, need not be read any more
 */
export async function recoverJournal(
  disk: Disk,
  dir: string,
  folded: ReadonlyMap<string, number> = new Map(),
): Promise<Recovery> {
  const lines: FoundLine[] = [];
  const torn: string[] = [];
  const segments: Segment[] = [];
  for (const incarnation of await disk.listDirs(dir)) {
    const found = await readSegments(disk, dir, incarnation, folded);
    const last = found.findLastIndex(({ size }) => size > 0);
    for (const [index, { name, bytes, size, from }] of found.entries()) {
      if (bytes === undefined) {
        segments.push({ incarnation, name, durableBytes: size });
        continue;
      }
      const path = join(dir, incarnation, name);
      const whole = wholeBytes(bytes, index === last);
      const cut = index === last ? bytes.length - whole : 0;
      if (cut > 0) {
        await disk.truncate(path, whole);
        torn.push(`${path}: cut off a torn line of ${cut} bytes`);
      }
      const file = `${incarnation}/${name}`;
      const [known, found] = [splitLines(bytes.subarray(0, from)).length, linesOf];
      lines.push(
        ...found(bytes.subarray(from), Math.max(0, whole - from), file, index < last, known),
      );
      segments.push({ incarnation, name, durableBytes: bytes.length - cut });
    }
  }
  return { lines, torn, segments };
}

/** A segment's file; its bytes are absent where all of them are folded already. */
type FoundSegment = {
  readonly name: string;
  readonly size: number;
  readonly bytes: Uint8Array | undefined;
  /** Where that begins which is not folded yet. */
  readonly from: number;
};

async function readSegments(
  disk: Disk,
  dir: string,
  incarnation: string,
  folded: ReadonlyMap<string, number>,
): Promise<FoundSegment[]> {
  const folder = join(dir, incarnation);
  const names = (await disk.list(folder)).filter((name) => name.endsWith(".jsonl"));
  const read = async (name: string): Promise<FoundSegment> => {
    const path = join(folder, name);
    const known = folded.get(`${incarnation}/${name}`) ?? 0;
    if (known > 0 && (await disk.size(path)) === known) {
      return { name, size: known, bytes: undefined, from: known };
    }
    const bytes = await disk.read(path);
    // Shorter, or otherwise, than it was: some other disk's. All of it is looked at again.
    const isSame = known <= bytes.length && bytes[known - 1] === 0x0a;
    return { name, size: bytes.length, bytes, from: isSame ? known : 0 };
  };
  const found: FoundSegment[] = [];
  for (let at = 0; at < names.length; at += readsAtOnce) {
    found.push(...(await Promise.all(names.slice(at, at + readsAtOnce).map(read))));
  }
  return found;
}

/**
 * How many bytes are whole lines. At the end of a journal zeros are no line either: a file system
 * may have kept a file's length and lost what was to stand there.
 */
function wholeBytes(bytes: Uint8Array, isEnd: boolean): number {
  const zero = isEnd ? bytes.indexOf(0) : -1;
  return (zero < 0 ? bytes : bytes.subarray(0, zero)).lastIndexOf(0x0a) + 1;
}

function linesOf(
  bytes: Uint8Array,
  whole: number,
  file: string,
  isFollowed: boolean,
  known: number,
): FoundLine[] {
  const lines: FoundLine[] = splitLines(bytes.subarray(0, whole)).map((line, index) => {
    return { line, at: `${file}:${known + index + 1}` };
  });
  if (!isFollowed || whole === bytes.length) return lines;
  const line = new TextDecoder().decode(bytes.subarray(whole));
  const fault = "cut off in the middle of a line, though later segments follow";
  return [...lines, { line, at: `${file}:${known + lines.length + 1}`, fault }];
}

/** The lines of a segment. The last one is there too where its line end is missing. */
export function splitLines(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  const text = new TextDecoder().decode(bytes);
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}
