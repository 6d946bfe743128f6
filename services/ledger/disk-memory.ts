import { basename, dirname, join } from "node:path/posix";
import type { Disk, DiskFile } from "./disk.ts";

type File = {
  readonly kind: "file";
  bytes: Uint8Array;
  durable: Uint8Array;
  /** Where the bytes stand, with room behind them; what was read of it stays as it was. */
  backing?: Backing;
};

type Backing = { readonly bytes: Uint8Array; used: number };

/** A folder: what it holds, what it will hold after a crash, and which of that was removed. */
type Folder = {
  readonly kind: "folder";
  now: Map<string, Node>;
  durable: Map<string, Node>;
  removed: Set<string>;
};

type Node = File | Folder;

/** What a disk in memory does, and what it only says that it did. */
export type MemoryDiskOptions = {
  /** Whether syncing a file keeps its bytes; on by default. */
  readonly syncsFiles?: boolean;
  /** Whether syncing a folder keeps its names; on by default. */
  readonly syncsDirs?: boolean;
};

/** A disk in memory that forgets, at a crash, every byte and every name that was not synced. */
export class MemoryDisk implements Disk {
  #root = newFolder();
  readonly #options: MemoryDiskOptions;
  /** Makes syncs fail with this error, as a broken disk does. */
  failSync: Error | undefined;
  /** How much may still be written; a write beyond it leaves what fits, and fails. */
  roomBytes = Number.POSITIVE_INFINITY;
  isReadOnly = false;

  constructor(options: MemoryDiskOptions = {}) {
    this.#options = options;
  }

  readonly list = async (dir: string): Promise<string[]> => this.#names(dir, "file");

  readonly listDirs = async (dir: string): Promise<string[]> => this.#names(dir, "folder");

  readonly read = async (path: string): Promise<Uint8Array> => this.#file(path).bytes;

  readonly size = async (path: string): Promise<number> => this.#file(path).bytes.length;

  readonly makeDir = async (dir: string): Promise<string | undefined> => {
    this.#mayWrite();
    let first: string | undefined;
    for (let at = dir; !isTop(at) && !this.#node(at); at = dirname(at)) first = at;
    this.#makeFolder(dir);
    return first;
  };

  readonly open = async (path: string): Promise<DiskFile> => {
    this.#mayWrite();
    const { now } = this.#folder(dirname(path));
    const empty = new Uint8Array();
    const name = basename(path);
    if (!now.has(name)) now.set(name, { kind: "file", bytes: empty, durable: empty });
    const file = this.#file(path);
    return {
      append: async (bytes) => {
        const fitting = bytes.subarray(0, Math.min(bytes.length, this.roomBytes));
        this.roomBytes -= fitting.length;
        extend(file, fitting);
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
    const folder = this.#folder(dir);
    keepNames(folder, folder.now);
  };

  readonly rename = async (from: string, to: string): Promise<void> => {
    this.#mayWrite();
    const node = this.#node(from);
    if (!node) throw failure("ENOENT", `no such file: ${from}`);
    const { now: target } = this.#folder(dirname(to));
    const held = target.get(basename(to));
    if (held?.kind === "folder" && held.now.size > 0) throw failure("ENOTEMPTY", to);
    this.#folder(dirname(from)).now.delete(basename(from));
    target.set(basename(to), node);
  };

  readonly remove = async (path: string): Promise<void> => {
    this.#mayWrite();
    const up = this.#node(dirname(path));
    if (up?.kind !== "folder") return;
    up.now.delete(basename(path));
    up.removed.add(basename(path));
  };

  /**
   * Lose what was not synced. A real disk may have kept any of it: `keep` says, of so many bytes
   * that were not, how many survive, and may leave zeros where others were to stand; `names` which
   * changes of names that were not do.
   */
  crash(
    keep: (bytes: Uint8Array) => Uint8Array = () => new Uint8Array(),
    names: "none" | "removals" | "all" = "none",
  ): void {
    const lose = (node: Node): void => {
      if (node.kind === "file") {
        const survivors = keep(node.bytes.subarray(node.durable.length));
        node.bytes = Buffer.concat([node.durable, survivors]);
        node.durable = node.bytes;
        return;
      }
      const { now, durable, removed } = node;
      const left = [...durable].filter(([name]) => names === "none" || !removed.has(name));
      keepNames(node, names === "all" ? now : left);
      node.now = new Map(node.durable);
      for (const each of node.now.values()) lose(each);
    };
    lose(this.#root);
  }

  /** The same disk as it is now, for a snapshot or a second machine: the one changes no other. */
  copy(): MemoryDisk {
    const copies = new Map<Node, Node>();
    const copyOf = (node: Node): Node => {
      const made = copies.get(node);
      if (made) return made;
      if (node.kind === "file") {
        const file: File = { kind: "file", bytes: node.bytes, durable: node.durable };
        copies.set(node, file);
        return file;
      }
      const folder = newFolder();
      copies.set(node, folder);
      for (const [name, each] of node.now) folder.now.set(name, copyOf(each));
      for (const [name, each] of node.durable) folder.durable.set(name, copyOf(each));
      folder.removed = new Set(node.removed);
      return folder;
    };
    const disk = new MemoryDisk(this.#options);
    disk.#root = copyOf(this.#root) as Folder;
    return disk;
  }

  /** Change a file behind the journal's back. */
  write(path: string, bytes: Uint8Array): void {
    let at = this.#root;
    for (const name of partsOf(dirname(path))) {
      const held = at.now.get(name);
      const next = held?.kind === "folder" ? held : newFolder();
      at.now.set(name, next);
      at.durable.set(name, next);
      at = next;
    }
    const file: File = { kind: "file", bytes, durable: bytes };
    at.now.set(basename(path), file);
    at.durable.set(basename(path), file);
  }

  /** Every file, for looking behind the journal's back. */
  paths(): string[] {
    const below = (dir: string, folder: Folder): string[] =>
      [...folder.now].flatMap(([name, node]) => {
        const path = join(dir, name);
        return node.kind === "file" ? [path] : below(path, node);
      });
    return below("/", this.#root).sort();
  }

  #makeFolder(dir: string): void {
    let at = this.#root;
    for (const name of partsOf(dir)) {
      const held = at.now.get(name);
      if (held?.kind === "file") throw failure("ENOTDIR", dir);
      const next = held ?? newFolder();
      at.now.set(name, next);
      at = next;
    }
  }

  #node(path: string): Node | undefined {
    let at: Node = this.#root;
    for (const name of partsOf(path)) {
      const next: Node | undefined = at.kind === "folder" ? at.now.get(name) : undefined;
      if (!next) return undefined;
      at = next;
    }
    return at;
  }

  #folder(dir: string): Folder {
    const node = this.#node(dir);
    if (node?.kind !== "folder") throw failure("ENOENT", `no such folder: ${dir}`);
    return node;
  }

  #file(path: string): File {
    const node = this.#node(path);
    if (node?.kind !== "file") throw failure("ENOENT", `no such file: ${path}`);
    return node;
  }

  #names(dir: string, kind: Node["kind"]): string[] {
    const node = this.#node(dir);
    if (node?.kind !== "folder") return [];
    return [...node.now].flatMap(([name, each]) => (each.kind === kind ? [name] : [])).sort();
  }

  #mayWrite(): void {
    if (this.isReadOnly) throw failure("EROFS", "read-only file system");
  }
}

/** Append in place where nobody else has used the room; else with fresh room for twice as much. */
function extend(file: File, more: Uint8Array): void {
  const end = file.bytes.length + more.length;
  const { backing: held } = file;
  const isFree = held?.used === file.bytes.length && held.bytes.buffer === file.bytes.buffer;
  let backing = held;
  if (!backing || !isFree || end > backing.bytes.length) {
    backing = { bytes: Buffer.alloc(Math.max(1_024, 2 * end)), used: file.bytes.length };
    backing.bytes.set(file.bytes);
    file.backing = backing;
  }
  backing.bytes.set(more, backing.used);
  backing.used = end;
  file.bytes = backing.bytes.subarray(0, end);
}

function newFolder(): Folder {
  return { kind: "folder", now: new Map(), durable: new Map(), removed: new Set() };
}

function keepNames(folder: Folder, names: Iterable<[string, Node]>): void {
  folder.durable = new Map(names);
  folder.removed.clear();
}

function partsOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

function isTop(path: string): boolean {
  return partsOf(path).length === 0;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
