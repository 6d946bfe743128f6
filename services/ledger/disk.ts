/**
 * What the journal needs of a disk. Bytes and names are only as durable as the last `sync` of their
 * file and the last `syncDir` of their folder.
 */
export type Disk = {
  /** File names (not folders) in `dir`, sorted; empty where there is no such folder. */
  readonly list: (dir: string) => Promise<readonly string[]>;
  /** Folder names in `dir`, sorted. */
  readonly listDirs: (dir: string) => Promise<readonly string[]>;
  readonly read: (path: string) => Promise<Uint8Array>;
  /** A file's length in bytes. */
  readonly size: (path: string) => Promise<number>;
  /** Make a folder with its parents; resolves to the first of them that was not there. */
  readonly makeDir: (dir: string) => Promise<string | undefined>;
  /** Open for appending; creates the file. */
  readonly open: (path: string) => Promise<DiskFile>;
  /** Cut a file, durably. */
  readonly truncate: (path: string, bytes: number) => Promise<void>;
  readonly syncDir: (dir: string) => Promise<void>;
  /** Give a file or folder another name, at once; durable as the folders of both names are. */
  readonly rename: (from: string, to: string) => Promise<void>;
  /** Remove a file, or a folder with all in it, bit by bit; nothing where there is none. */
  readonly remove: (path: string) => Promise<void>;
};

export type DiskFile = {
  readonly append: (bytes: Uint8Array) => Promise<void>;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};
