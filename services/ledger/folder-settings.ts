import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { diskError } from "./disk-error.ts";

const settingsVersion = 1;
const settingsName = "ledger.json";

/** What a writer may be called; `town` is taken. */
export const MachineName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, "lower case letters, digits and dashes, at most 32")
  .refine((name) => name !== "town", "`town` is the town's own name");

/** What ids of new beads begin with. */
export const Prefix = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,31}$/, "lower case letters and digits, a letter first, at most 32");

const FolderSettings = z.looseObject({
  version: z.literal(settingsVersion),
  machine: MachineName,
  prefix: Prefix.optional(),
  /** A git URL or an absolute path. */
  remote: z.string().min(1).optional(),
  /** What others wrote was here once. */
  synced: z.boolean().optional(),
});

/** How a plain folder writes its ledger: `ledger.json`, made by `gt ledger init`. */
export type FolderSettings = {
  readonly machine: string;
  readonly prefix?: string | undefined;
  readonly remote?: string | undefined;
  readonly synced?: boolean | undefined;
};

const MachineFile = z.looseObject({
  version: z.literal(settingsVersion),
  machine: z.string(),
  ledgerRemote: z.string().default(""),
});
const TownFile = z.looseObject({
  version: z.literal(settingsVersion),
  ledgerRemote: z.string().default(""),
});

/** Read a folder's `ledger.json`; undefined where there is none. Fails with `invalid`. */
export function readSettings(dir: string): Promise<FolderSettings | undefined> {
  return readJson(join(dir, settingsName), FolderSettings);
}

/** Whether a folder of `gt ledger init` had what others wrote. False where that cannot be read. */
export async function isSynced(dir: string): Promise<boolean> {
  const settings = await readSettings(dir).catch((error: unknown) => {
    if (!isTownError(error)) throw error; // Who writes there is told of it.
    return undefined;
  });
  return settings?.remote !== undefined && settings.synced === true;
}

/** Note it, once. */
export async function noteSynced(dir: string): Promise<void> {
  const settings = await readSettings(dir);
  if (settings && settings.synced !== true) await writeSettings(dir, { ...settings, synced: true });
}

/** What a machine's home says of its ledger: `machine.json`. */
export function readMachineFile(dir: string) {
  return readJson(join(dir, "machine.json"), MachineFile);
}

/** What a town's home says of its ledger: `town.json`. */
export function readTownFile(dir: string) {
  return readJson(join(dir, "town.json"), TownFile);
}

/** Write a folder's `ledger.json`, whole or not at all; a remote's URL may carry a password. */
export async function writeSettings(dir: string, settings: FolderSettings): Promise<void> {
  const path = join(dir, settingsName);
  const partial = `${path}.${process.pid}`;
  try {
    const text = JSON.stringify({ version: settingsVersion, ...settings }, undefined, 2);
    await writeFile(partial, `${text}\n`, { mode: 0o600 });
    await rename(partial, path);
  } catch (error) {
    throw diskError(error, dir);
  } finally {
    await rm(partial, { force: true }).catch(() => {}); // What went wrong was told above.
  }
}

async function readJson<S extends z.ZodObject>(
  path: string,
  schema: S,
): Promise<z.infer<S> | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new TownError("state", `cannot read ${path} (${code})`, { cause: error });
  }
  const json = parse(text, path);
  const { version } = z.looseObject({ version: z.unknown() }).safeParse(json).data ?? {};
  if (version !== undefined && version !== settingsVersion) {
    const found = `${path} is of version ${JSON.stringify(version)}`;
    const known = `and this Gas Town knows ${settingsVersion}`;
    const remedy = "use the Gas Town that made it, or another folder";
    throw new TownError("invalid", `${found}, ${known}: ${remedy}`);
  }
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  throw corrupt(path, z.prettifyError(read.error).replaceAll("\n", " "), read.error);
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw corrupt(path, "it is not JSON", cause);
  }
}

function corrupt(path: string, what: string, cause: unknown): TownError {
  const remedy = "put it right, or move it away and run gt ledger init again; the journal stays";
  return new TownError("invalid", `${path} cannot be read: ${what}; ${remedy}`, { cause });
}
