import { dirname, join } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { diskError, isDiskFull } from "./disk-error.ts";
import { type Recovery, recoverJournal, type Segment } from "./recover.ts";

export { type Segment, splitLines } from "./recover.ts";

/** Segments stay small, because each git commit stores the whole file again. */
export const segmentMaxBytes = 64 * 1024;

type Waiting = {
  readonly bytes: Uint8Array;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
  readonly late: () => void;
};

/**
 * The writer's own append-only log: `<dir>/<incarnation>/<segment>.jsonl`.
 *
 * Appends that arrive while one is being synced share the next sync (group commit). Where the disk
 * is full, what was under way fails but is kept here, and goes to the disk before anything else
 * once there is room. Any other failure is final: what a failed sync leaves behind nobody knows.
 */
export class Journal {
  readonly #dir: string;
  readonly #incarnation: string;
  readonly #disk: Disk;
  readonly #segments = new Map<string, Segment>();
  #waiting: Waiting[] = [];
  /** Appends that failed for want of room. */
  #owed: Waiting[] = [];
  #pumping: Promise<void> | undefined;
  #file: DiskFile | undefined;
  #current: Segment;
  #failure: unknown;
  #full: unknown;
  readonly #onFailure: (error: unknown) => void;

  private constructor(options: JournalOptions, segments: readonly Segment[]) {
    const { dir, incarnation, disk, onFailure = () => {} } = options;
    this.#dir = dir;
    this.#incarnation = incarnation;
    this.#disk = disk;
    this.#onFailure = onFailure;
    for (const segment of segments) this.#keep(segment);
    this.#current = { incarnation, name: segmentName(1), durableBytes: 0 };
  }

  /** Read what earlier incarnations left, cut torn tails, and begin a new incarnation. */
  static async open(options: JournalOptions): Promise<{ journal: Journal; recovery: Recovery }> {
    const { dir, incarnation, disk } = options;
    try {
      await makeDurableDir(disk, join(dir, incarnation));
      const recovery = await recoverJournal(disk, dir, options.folded);
      return { journal: new Journal(options, recovery.segments), recovery };
    } catch (error) {
      throw diskError(error, dir);
    }
  }

  /**
   * Append lines; resolves when they are durable. Fails with `exhausted` where the disk is full:
   * the lines are then kept, and `late` tells when they have become durable after all.
   */
  append(lines: readonly string[], late = () => {}): Promise<void> {
    const refusal = this.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
    return new Promise((done, failed) => {
      this.#waiting.push({ bytes, done, failed, late });
      this.#pumping ??= this.#pump();
    });
  }

  /** Why nothing can be appended now. Asking has a disk that was full tried again. */
  refusal(): unknown {
    if (this.#failure === undefined && this.#full !== undefined) this.#pumping ??= this.#pump();
    return this.#failure ?? this.#full;
  }

  /** Resolves when all that was appended is durable; fails where that cannot be said. */
  settled(): Promise<void> {
    const refusal = this.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.#pumping === undefined ? Promise.resolve() : this.append([]);
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
    await this.#payOwed();
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        await this.#write(batch.map(({ bytes }) => bytes));
      } catch (error) {
        await this.#fail(error, batch);
        break;
      }
      for (const { done } of batch) done();
    }
    this.#pumping = undefined;
  }

  /** Write what an earlier append owes, each in its turn. */
  async #payOwed(): Promise<void> {
    for (let next = this.#owed[0]; next; next = this.#owed[0]) {
      try {
        await this.#write([next.bytes]);
      } catch (error) {
        return this.#fail(error, []);
      }
      this.#owed.shift();
      next.late();
    }
    this.#full = undefined;
  }

  async #fail(error: unknown, batch: readonly Waiting[]): Promise<void> {
    const failed = [...batch, ...this.#waiting.splice(0)];
    const told = diskError(error, this.#dir);
    // Before anything is awaited: what is appended from now on would come before what failed.
    this.#full = told;
    this.#owed.push(...failed);
    if (!isDiskFull(error) || !(await this.#undo())) this.#give(told);
    for (const each of failed) each.failed(this.#failure ?? told);
  }

  #give(error: unknown): void {
    const what = error instanceof Error ? error.message : String(error);
    const message = `the journal in ${this.#dir} failed, and this process must end: ${what}`;
    this.#failure = new TownError("unavailable", message, { cause: error });
    this.#owed = [];
    this.#onFailure(this.#failure);
  }

  /** Take back what a write that failed left in the segment. Resolves to whether that worked. */
  async #undo(): Promise<boolean> {
    try {
      await this.#file?.close();
      this.#file = undefined;
      const { incarnation, name, durableBytes } = this.#current;
      const dir = join(this.#dir, incarnation);
      const names = await this.#disk.list(dir);
      if (names.includes(name)) await this.#disk.truncate(join(dir, name), durableBytes);
      return true;
    } catch {
      return false; // Then the file holds no one knows what, and the first failure is told.
    }
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
    if (bytes.length === 0) return; // Somebody only waits for what came before.
    const full = this.#current.durableBytes + bytes.length > segmentMaxBytes;
    if (full && this.#current.durableBytes > 0) await this.#rotate();
    this.#file ??= await this.#openCurrent();
    await this.#file.append(bytes);
    try {
      await this.#file.sync();
    } catch (cause) {
      // Even where it says that the disk is full: which of the bytes are there nobody knows.
      throw new Error(`sync of ${this.#current.name}: ${String(cause)}`, { cause });
    }
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

/** What a journal is opened with. */
export type JournalOptions = {
  readonly dir: string;
  readonly incarnation: string;
  readonly disk: Disk;
  /** How many bytes of earlier segments need not be read any more. */
  readonly folded?: ReadonlyMap<string, number>;
  /** Told once, when nothing can be made durable any more: the process must end. */
  readonly onFailure?: (error: unknown) => void;
};

/** Make a folder whose name, and whose parents' names, no crash takes back. */
async function makeDurableDir(disk: Disk, dir: string): Promise<void> {
  const first = await disk.makeDir(dir);
  for (let at = dir; ; at = dirname(at)) {
    await disk.syncDir(dirname(at));
    if (first === undefined || at === first || at === dirname(at)) return;
  }
}

function segmentName(number: number): string {
  return `${String(number).padStart(6, "0")}.jsonl`;
}
