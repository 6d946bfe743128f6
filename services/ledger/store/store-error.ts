import { TownError } from "#services/rpc/town-error.ts";

/** SQLITE_ERROR: a table that is not there, a form that this SQLite does not know. */
export const sqliteError = 1;
const [busy, full, ioError] = [5, 13, 10];
/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const damages = new Set([11, 26]);
/** What a disk says that cannot give back what it holds. */
const readDamages = new Set([266, 522, 8202, 8458]);
/** SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN. */
const refused = new Set([3, 8, 14]);

/** Whether what the file holds is not what was put there. */
export function isDamage(error: unknown): boolean {
  return damages.has(codeOf(error)) || readDamages.has(extendedCode(error));
}

/** What a failed read or write of the checkpoint means: only a full disk mends by itself. */
export function storeError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  const said = error instanceof Error ? error.message : "";
  if (code === busy) {
    const what = `another process has the checkpoint ${path} (${said})`;
    return new TownError("state", what, { cause: error });
  }
  if (code === full) {
    const what = `no space left on the disk for the checkpoint ${path}: make room there`;
    return new TownError("exhausted", what, { cause: error });
  }
  if (!refused.has(code) && code !== ioError) return error;
  const what = `cannot write the checkpoint ${path} (${said}): see that its folder can be written`;
  return new TownError(code === ioError ? "unavailable" : "state", what, { cause: error });
}

/** What a checkpoint holds is not what was put there; nothing more is told of it. */
export class DamagedStore extends TownError {
  readonly what: string;

  /** @param remedy what becomes of the file */
  constructor(path: string, what: string, remedy: string) {
    super("unavailable", `the checkpoint ${path} is damaged (${what}); ${remedy}`);
    this.what = what;
  }
}

/** SQLite's result code; 0 where the error is none of SQLite's. */
export function codeOf(error: unknown): number {
  return extendedCode(error) & 0xff;
}

function extendedCode(error: unknown): number {
  return (error as { errcode?: number } | undefined)?.errcode ?? 0;
}
