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

/**
 * Read what earlier incarnations left in a journal's folder.
 *
 * What a crash may leave at the end of an incarnation's last segment is cut off: nobody was told
 * that it is durable. The like in an earlier segment is no crash's doing, and is kept as it is.
 */
export async function recoverJournal(disk: Disk, dir: string): Promise<Recovery> {
  const lines: FoundLine[] = [];
  const torn: string[] = [];
  const segments: Segment[] = [];
  for (const incarnation of await disk.listDirs(dir)) {
    const found = await readSegments(disk, join(dir, incarnation));
    const last = found.findLastIndex(({ bytes }) => bytes.length > 0);
    for (const [index, { name, bytes }] of found.entries()) {
      const path = join(dir, incarnation, name);
      const whole = wholeBytes(bytes, index === last);
      const cut = index === last ? bytes.length - whole : 0;
      if (cut > 0) {
        await disk.truncate(path, whole);
        torn.push(`${path}: cut off a torn line of ${cut} bytes`);
      }
      lines.push(...linesOf(bytes, whole, `${incarnation}/${name}`, index < last));
      segments.push({ incarnation, name, durableBytes: bytes.length - cut });
    }
  }
  return { lines, torn, segments };
}

async function readSegments(
  disk: Disk,
  dir: string,
): Promise<{ readonly name: string; readonly bytes: Uint8Array }[]> {
  const names = (await disk.list(dir)).filter((name) => name.endsWith(".jsonl"));
  const found: { name: string; bytes: Uint8Array }[] = [];
  for (const name of names) found.push({ name, bytes: await disk.read(join(dir, name)) });
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

function linesOf(bytes: Uint8Array, whole: number, file: string, isFollowed: boolean): FoundLine[] {
  const lines: FoundLine[] = splitLines(bytes.subarray(0, whole)).map((line, index) => {
    return { line, at: `${file}:${index + 1}` };
  });
  if (!isFollowed || whole === bytes.length) return lines;
  const line = new TextDecoder().decode(bytes.subarray(whole));
  const fault = "cut off in the middle of a line, though later segments follow";
  return [...lines, { line, at: `${file}:${lines.length + 1}`, fault }];
}

/** The lines of a segment. The last one is there too where its line end is missing. */
export function splitLines(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  const text = new TextDecoder().decode(bytes);
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}
