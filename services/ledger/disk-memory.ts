import { dirname } from "node:path/posix";
import type { Disk, DiskFile } from "./disk.ts";

type File = { bytes: Uint8Array; durable: Uint8Array; named: boolean };

/** A disk in memory that forgets, at a crash, every byte and every name that was not synced. */
export class MemoryDisk implements Disk {
  readonly #files = new Map<string, File>();
  readonly #dirs = new Set<string>();
  /** Makes syncs fail with this error, as a broken disk does. */
  failSync: Error | undefined;

  readonly list = async (dir: string): Promise<string[]> => this.#below(this.#files.keys(), dir);

  readonly listDirs = async (dir: string): Promise<string[]> => this.#below(this.#dirs, dir);

  readonly read = async (path: string): Promise<Uint8Array> => this.#file(path).bytes;

  readonly makeDir = async (dir: string): Promise<void> => {
    for (let at = dir; !this.#dirs.has(at) && at !== "/" && at !== "."; at = dirname(at)) {
      this.#dirs.add(at);
    }
  };

  readonly open = async (path: string): Promise<DiskFile> => {
    const empty = new Uint8Array();
    if (!this.#files.has(path)) {
      this.#files.set(path, { bytes: empty, durable: empty, named: false });
    }
    const file = this.#file(path);
    return {
      append: async (bytes) => {
        file.bytes = Buffer.concat([file.bytes, bytes]);
      },
      sync: async () => {
        if (this.failSync) throw this.failSync;
        file.durable = file.bytes;
      },
      close: async () => {},
    };
  };

  readonly truncate = async (path: string, bytes: number): Promise<void> => {
    const file = this.#file(path);
    file.bytes = file.bytes.subarray(0, bytes);
    file.durable = file.bytes;
  };

  readonly syncDir = async (dir: string): Promise<void> => {
    for (const [path, file] of this.#files) if (dirname(path) === dir) file.named = true;
  };

  /**
   * Lose what was not synced; `tornBytes` of unsynced bytes survive, as they may on a real disk.
   */
  crash(tornBytes = 0): void {
    for (const [path, file] of this.#files) {
      if (!file.named) this.#files.delete(path);
      file.bytes = file.bytes.subarray(0, file.durable.length + tornBytes);
      file.durable = file.bytes;
    }
  }

  /** Change a file behind the journal's back. */
  write(path: string, bytes: Uint8Array): void {
    this.#files.set(path, { bytes, durable: bytes, named: true });
  }

  #file(path: string): File {
    const file = this.#files.get(path);
    if (!file) throw new Error(`no such file: ${path}`);
    return file;
  }

  #below(paths: Iterable<string>, dir: string): string[] {
    const names = [...paths].filter((path) => dirname(path) === dir);
    return names.map((path) => path.slice(dir.length + 1)).sort();
  }
}
