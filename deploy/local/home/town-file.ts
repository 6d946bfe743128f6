import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TownError } from "#services/rpc/town-error.ts";

/** The version of what a home holds; another one is never touched. */
export const homeVersion = 1;

const ProcessMark = z.object({ pid: z.number().int().positive(), startTime: z.string() });
/** A process that was started for a home, known again by its pid and start time. */
export type ProcessMark = z.infer<typeof ProcessMark>;

const TownFile = z.looseObject({
  version: z.literal(homeVersion),
  town: z.string(),
  /** The town's gRPC address; empty before it first served. */
  address: z.string(),
  natsUrl: z.string().default(""),
  ledgerRemote: z.string().default(""),
  /** Each machine's rig-agent socket. */
  sockets: z.record(z.string(), z.string()).default({}),
  /** The machines that belong here, and what each was started with. */
  machines: z
    .record(z.string(), z.object({ rigs: z.array(z.string()), polecatsMax: z.string().optional() }))
    .default({}),
  /** `demo`, `nats`, `town`, `machines/<name>`; there may be nothing behind them any more. */
  pids: z.record(z.string(), ProcessMark).default({}),
});
/** What stands in a home's town.json: where its town is, and what was started. */
export type TownFile = z.infer<typeof TownFile>;

/** A home in which nothing runs yet. */
export const emptyTownFile: TownFile = {
  version: homeVersion,
  town: "",
  address: "",
  natsUrl: "",
  ledgerRemote: "",
  sockets: {},
  machines: {},
  pids: {},
};

/** Where a home keeps it. */
export function townFilePath(home: string): string {
  return join(home, "town.json");
}

/**
 * Read a home's town.json; undefined where there is none.
 *
 * @throws TownError `invalid` where it is corrupt or of another version
 */
export function readTownFile(home: string): TownFile | undefined {
  const path = townFilePath(home);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  return parseTownFile(text, path);
}

/** Read the text of a town.json. Pure. */
export function parseTownFile(text: string, path: string): TownFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw corrupt(path, "it is not JSON", cause);
  }
  const { version } = z.looseObject({ version: z.unknown() }).safeParse(json).data ?? {};
  if (version !== undefined && version !== homeVersion) {
    throw new TownError(
      "invalid",
      `${path} is of version ${JSON.stringify(version)}, and this Gas Town knows ${homeVersion}: ` +
        "use the Gas Town that made it, or another --home",
    );
  }
  const read = TownFile.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw corrupt(path, `${issue?.path.join(".") ?? ""}: ${issue?.message}`, read.error);
  }
  return read.data;
}

function corrupt(path: string, what: string, cause: unknown): TownError {
  const todo = "put it right, or move it away after ending what it may name";
  return new TownError("invalid", `${path} cannot be read: ${what}; ${todo}`, { cause });
}

/** Write it whole or not at all. */
export function writeTownFile(home: string, file: TownFile): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const path = townFilePath(home);
  writeFileSync(`${path}.partial`, `${JSON.stringify(file, undefined, 2)}\n`);
  renameSync(`${path}.partial`, path);
}

/**
 * Change it. Synchronous, so that two changes of one process cannot cross; those of two processes
 * are kept apart by the home's lock.
 */
export function changeTownFile(home: string, change: (file: TownFile) => TownFile): TownFile {
  const changed = change(readTownFile(home) ?? emptyTownFile);
  writeTownFile(home, changed);
  return changed;
}

/** Note a process right after its start, so that it can be ended whatever comes next. */
export function noteProcess(home: string, name: string, { pid, startTime }: ProcessMark): void {
  changeTownFile(home, (file) => ({
    ...file,
    pids: { ...file.pids, [name]: { pid, startTime } },
  }));
}
