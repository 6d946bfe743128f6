import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import type { Disk } from "./disk.ts";

/** The real disk. */
export const nodeDisk: Disk = {
  list: (dir) => entries(dir, (entry) => entry.isFile()),
  listDirs: (dir) => entries(dir, (entry) => entry.isDirectory()),
  read: (path) => readFile(path),
  size: async (path) => (await stat(path)).size,
  makeDir: async (dir) => {
    try {
      return await mkdir(dir, { recursive: true });
    } catch (error) {
      // Whatever forbids it, Node may only say that the folder is not there; mkdir alone says why.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") await mkdir(dir);
      throw error;
    }
  },
  open: async (path) => {
    const handle = await open(path, "a", 0o644);
    return {
      append: async (bytes) => {
        await handle.appendFile(bytes);
      },
      sync: () => handle.datasync(),
      close: () => handle.close(),
    };
  },
  truncate: async (path, bytes) => {
    const handle = await open(path, "r+");
    try {
      await handle.truncate(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  syncDir: async (dir) => {
    const handle = await open(dir, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { recursive: true, force: true }),
};

async function entries(
  dir: string,
  wanted: (entry: { isFile(): boolean; isDirectory(): boolean }) => boolean,
): Promise<string[]> {
  try {
    const found = await readdir(dir, { withFileTypes: true });
    return found
      .filter(wanted)
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
