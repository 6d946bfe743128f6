import { dirname } from "node:path/posix";
import type { Disk, DiskFile } from "./disk.ts";

type File = { bytes: Uint8Array; durable: Uint8Array; named: boolean };

/** What a disk in memory does, and what it only says that it did. */
export type MemoryDiskOptions = {
  /** Whether syncing a file keeps its bytes; on by default. */
  readonly syncsFiles?: boolean;
  /** Whether syncing a folder keeps its names; on by default. */
  readonly syncsDirs?: boolean;
};

/** A disk in memory that forgets, at a crash, every byte and every name that was not synced. */
export class MemoryDisk implements Disk {
  readonly #files = new Map<string, File>();
  /** Folders, and whether their names are durable. */
  readonly #dirs = new Map<string, boolean>([["/", true]]);
  readonly #options: MemoryDiskOptions;
  /** Makes syncs fail with this error, as a broken disk does. */
  failSync: Error | undefined;
  /** How much may still be written; a write beyond it leaves what fits, and fails. */
  roomBytes = Number.POSITIVE_INFINITY;
  isReadOnly = false;

  constructor(options: MemoryDiskOptions = {}) {
    this.#options = options;
  }

  readonly list = async (dir: string): Promise<string[]> => below(this.#files.keys(), dir);

  readonly listDirs = async (dir: string): Promise<string[]> => below(this.#dirs.keys(), dir);

  readonly read = async (path: string): Promise<Uint8Array> => this.#file(path).bytes;

  readonly makeDir = async (dir: string): Promise<string | undefined> => {
    this.#mayWrite();
    let first: string | undefined;
    for (let at = dir; !this.#dirs.has(at) && at !== "."; at = dirname(at)) {
      this.#dirs.set(at, false);
      first = at;
    }
    return first;
  };

  readonly open = async (path: string): Promise<DiskFile> => {
    this.#mayWrite();
    const empty = new Uint8Array();
    if (!this.#files.has(path)) {
      this.#files.set(path, { bytes: empty, durable: empty, named: false });
    }
    const file = this.#file(path);
    return {
      append: async (bytes) => {
        const fitting = bytes.subarray(0, Math.min(bytes.length, this.roomBytes));
        this.roomBytes -= fitting.length;
        file.bytes = Buffer.concat([file.bytes, fitting]);
        if (fitting.length < bytes.length) throw failure("ENOSPC", "no space left on device");
      },
      sync: async () => {
        if (this.failSync) throw this.failSync;
        if (this.#options.syncsFiles !== false) file.durable = file.bytes;
      },
      close: async () => {},
    };
  };

  readonly truncate = async (path: string, bytes: number): Promise<void> => {
    this.#mayWrite();
    const file = this.#file(path);
    file.bytes = file.bytes.subarray(0, bytes);
    file.durable = file.bytes;
  };

  readonly syncDir = async (dir: string): Promise<void> => {
    if (this.#options.syncsDirs === false) return;
    for (const [path, file] of this.#files) if (dirname(path) === dir) file.named = true;
    for (const path of this.#dirs.keys()) if (dirname(path) === dir) this.#dirs.set(path, true);
  };

  /**
   * Lose what was not synced. A real disk may have kept any of it: `keep` says, of so many bytes
   * that were not, how many survive, and may leave zeros where others were to stand.
   */
  crash(keep: (bytes: Uint8Array) => Uint8Array = () => new Uint8Array()): void {
    const lost = new Set([...this.#dirs].filter(([, named]) => !named).map(([path]) => path));
    const isLost = (path: string): boolean =>
      lost.has(path) || (path !== dirname(path) && isLost(dirname(path)));
    for (const path of [...this.#dirs.keys()]) if (isLost(path)) this.#dirs.delete(path);
    for (const [path, file] of this.#files) {
      if (!file.named || isLost(dirname(path))) this.#files.delete(path);
      const survivors = keep(file.bytes.subarray(file.durable.length));
      file.bytes = Buffer.concat([file.durable, survivors]);
      file.durable = file.bytes;
    }
  }

  /** Change a file behind the journal's back. */
  write(path: string, bytes: Uint8Array): void {
    for (let at = dirname(path); at !== dirname(at); at = dirname(at)) this.#dirs.set(at, true);
    this.#files.set(path, { bytes, durable: bytes, named: true });
  }

  /** Every file, for looking behind the journal's back. */
  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  #file(path: string): File {
    const file = this.#files.get(path);
    if (!file) throw failure("ENOENT", `no such file: ${path}`);
    return file;
  }

  #mayWrite(): void {
    if (this.isReadOnly) throw failure("EROFS", "read-only file system");
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

function below(paths: Iterable<string>, dir: string): string[] {
  const names = [...paths].filter((path) => path !== dir && dirname(path) === dir);
  return names.map((path) => path.slice(dir === "/" ? 1 : dir.length + 1)).sort();
}
