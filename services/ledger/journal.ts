import { join } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import type { Disk, DiskFile } from "./disk.ts";

/** Segments stay small, because each git commit stores the whole file again. */
export const segmentMaxBytes = 64 * 1024;

/** One segment file of one incarnation, as far as it is durable. */
export type Segment = {
  readonly incarnation: string;
  /** File name, `000001.jsonl`. */
  readonly name: string;
  readonly durableBytes: number;
};

/** What a start found: the lines of every earlier incarnation, and what had to be cut off. */
export type Recovery = {
  readonly lines: readonly { readonly line: string; readonly at: string }[];
  /** One sentence for each torn tail that was cut. */
  readonly torn: readonly string[];
};

type Waiting = { bytes: Uint8Array; done: () => void; failed: (error: unknown) => void };

/**
 * The writer's own append-only log: `<dir>/<incarnation>/<segment>.jsonl`.
 *
 * Appends that arrive while one is being synced share the next sync (group commit).
 */
export class Journal {
  readonly #dir: string;
  readonly #incarnation: string;
  readonly #disk: Disk;
  readonly #segments = new Map<string, Segment>();
  #waiting: Waiting[] = [];
  #pumping: Promise<void> | undefined;
  #file: DiskFile | undefined;
  #current: Segment;
  #failure: unknown;

  private constructor(dir: string, incarnation: string, disk: Disk, segments: readonly Segment[]) {
    this.#dir = dir;
    this.#incarnation = incarnation;
    this.#disk = disk;
    for (const segment of segments) this.#keep(segment);
    this.#current = { incarnation, name: segmentName(1), durableBytes: 0 };
  }

  /** Read what earlier incarnations left, cut torn tails, and begin a new incarnation. */
  static async open(options: {
    readonly dir: string;
    readonly incarnation: string;
    readonly disk: Disk;
  }): Promise<{ journal: Journal; recovery: Recovery }> {
    const { dir, incarnation, disk } = options;
    await disk.makeDir(join(dir, incarnation));
    await disk.syncDir(dir);
    const lines: { line: string; at: string }[] = [];
    const torn: string[] = [];
    const segments: Segment[] = [];
    for (const earlier of await disk.listDirs(dir)) {
      const names = (await disk.list(join(dir, earlier))).filter((n) => n.endsWith(".jsonl"));
      for (const [index, name] of names.entries()) {
        const path = join(dir, earlier, name);
        const found = await readSegment(disk, path, index === names.length - 1);
        if (found.torn) torn.push(found.torn);
        found.lines.forEach((line, number) => {
          lines.push({ line, at: `${earlier}/${name}:${number + 1}` });
        });
        segments.push({ incarnation: earlier, name, durableBytes: found.bytes });
      }
    }
    const journal = new Journal(dir, incarnation, disk, segments);
    return { journal, recovery: { lines, torn } };
  }

  /** Append lines; resolves when they are durable. After a failure every append fails. */
  append(lines: readonly string[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
    return new Promise((done, failed) => {
      this.#waiting.push({ bytes, done, failed });
      this.#pumping ??= this.#pump();
    });
  }

  /** Every segment with its durable length, earlier incarnations included. */
  segments(): readonly Segment[] {
    return [...this.#segments.values()];
  }

  /** The durable bytes of one segment, and no byte more. */
  async content(segment: Segment): Promise<Uint8Array> {
    const bytes = await this.#disk.read(join(this.#dir, segment.incarnation, segment.name));
    return bytes.subarray(0, segment.durableBytes);
  }

  /** Wait for what was appended, then close the file. */
  async close(): Promise<void> {
    await this.#pumping;
    this.#failure ??= new TownError("state", "the journal is closed");
    await this.#file?.close();
    this.#file = undefined;
  }

  async #pump(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.#write(batch.map(({ bytes }) => bytes));
      } catch (error) {
        this.#failure = error;
        for (const { failed } of [...batch, ...this.#waiting.splice(0)]) failed(error);
        break;
      }
      for (const { done } of batch) done();
    }
    this.#pumping = undefined;
  }

  /** As many waiting appends as fit into the current segment; one at least, a large one alone. */
  #take(): Waiting[] {
    let room = segmentMaxBytes - this.#current.durableBytes;
    const first = this.#waiting[0];
    if (first && first.bytes.length > room && this.#current.durableBytes > 0) {
      room = segmentMaxBytes; // It goes into a fresh segment; see #write.
    }
    let count = 0;
    for (const { bytes } of this.#waiting) {
      if (count > 0 && bytes.length > room) break;
      room -= bytes.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    const bytes = Buffer.concat(chunks);
    const full = this.#current.durableBytes + bytes.length > segmentMaxBytes;
    if (full && this.#current.durableBytes > 0) await this.#rotate();
    this.#file ??= await this.#openCurrent();
    await this.#file.append(bytes);
    await this.#file.sync();
    const durableBytes = this.#current.durableBytes + bytes.length;
    this.#current = { ...this.#current, durableBytes };
    this.#keep(this.#current);
  }

  async #rotate(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    const number = Number.parseInt(this.#current.name, 10) + 1;
    this.#current = { ...this.#current, name: segmentName(number), durableBytes: 0 };
  }

  async #openCurrent(): Promise<DiskFile> {
    const dir = join(this.#dir, this.#incarnation);
    const file = await this.#disk.open(join(dir, this.#current.name));
    await this.#disk.syncDir(dir);
    return file;
  }

  #keep(segment: Segment): void {
    this.#segments.set(`${segment.incarnation}/${segment.name}`, segment);
  }
}

function segmentName(number: number): string {
  return `${String(number).padStart(6, "0")}.jsonl`;
}

async function readSegment(
  disk: Disk,
  path: string,
  last: boolean,
): Promise<{ lines: string[]; bytes: number; torn: string | undefined }> {
  const bytes = await disk.read(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const lines = splitLines(bytes.subarray(0, end));
  if (end === bytes.length) return { lines, bytes: end, torn: undefined };
  const tail = bytes.length - end;
  if (!last) {
    throw new TownError("invalid", `${path}: ends in the middle of a line, and later ones follow`);
  }
  await disk.truncate(path, end);
  return { lines, bytes: end, torn: `${path}: cut off a torn line of ${tail} bytes` };
}

/** The lines of a segment; the bytes end with a line end, or are empty. */
export function splitLines(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  return new TextDecoder().decode(bytes).slice(0, -1).split("\n");
}
