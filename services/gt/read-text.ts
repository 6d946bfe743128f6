import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import type { Session } from "./session.ts";

const why: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is no folder",
  EISDIR: "it is a folder",
  EACCES: "it may not be read (permission denied)",
  EPERM: "it may not be read (permission denied)",
  ERR_FS_FILE_TOO_LARGE: "it is too large; cut it into several (split -l)",
};

/** The text of a file that a call names, or of standard input for `-`. */
export async function readText({ terminal }: Session, file: string): Promise<string> {
  if (file === "-") return terminal.readInput();
  const path = resolve(terminal.cwd, file);
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const { code = "unknown" } = cause;
    throw new TownError("invalid", `cannot read ${path}: ${why[code] ?? code}`, { cause });
  });
}
