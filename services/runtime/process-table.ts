import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** One process as the system lists it. */
export type ProcessRow = {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Opaque, equal for as long as the pid means the same process, other boots included. */
  readonly startTime: string;
  /** For comparing ages within one listing; larger is younger. */
  readonly age: number;
  /** Ended, and only waiting for its parent to notice. */
  readonly dead: boolean;
};

/** What a runtime asks of the system's processes. */
export type ProcessTable = {
  readonly row: (pid: number) => Promise<ProcessRow | undefined>;
  readonly all: () => Promise<readonly ProcessRow[]>;
  /** Whether a process was started with a variable; false where the system does not tell. */
  readonly carries: (pid: number, variable: string, value: string) => Promise<boolean>;
};

/** The table of this system: /proc where there is one, else what `ps` prints. */
export function systemProcesses(platform: NodeJS.Platform = process.platform): ProcessTable {
  return platform === "linux" ? procProcesses() : psProcesses();
}

function procProcesses(): ProcessTable {
  // A start time counts from the boot, so only both together name a process for good.
  const boot = readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (id) => id.trim().slice(0, 8),
    () => "boot",
  );
  const row = async (pid: number) => {
    const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(absent);
    return text === undefined ? undefined : parseStat(text, await boot);
  };
  return {
    row,
    all: async () => {
      const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      const rows = await Promise.all(pids.map((pid) => row(Number(pid))));
      return rows.filter((found) => found !== undefined);
    },
    carries: async (pid, variable, value) => {
      const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(absent);
      return text?.split("\0").includes(`${variable}=${value}`) ?? false;
    },
  };
}

/** Read `/proc/<pid>/stat`; the name in brackets may itself hold spaces and brackets. */
export function parseStat(text: string, boot: string): ProcessRow | undefined {
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group] = fields;
  const ticks = fields[19]; // Field 22 of the line; the first here is field 3.
  if (!state || !parent || !group || !ticks || Number.isNaN(pid)) return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    startTime: `${boot}-${ticks}`,
    age: Number(ticks),
    dead: state === "Z" || state === "X",
  };
}

function psProcesses(): ProcessTable {
  const run = promisify(execFile);
  const list = async (which: readonly string[]) => {
    const columns = "pid=,ppid=,pgid=,state=,lstart=";
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    const { stdout } = await run("ps", [...which, "-o", columns], { env }).catch(() => ({
      stdout: "", // It fails where no such process exists.
    }));
    return stdout.split("\n").flatMap((line) => parsePs(line) ?? []);
  };
  return {
    row: async (pid) => (await list(["-p", String(pid)]))[0],
    all: () => list(["-A"]),
    carries: async () => false,
  };
}

/** Read one line of `ps -o pid=,ppid=,pgid=,state=,lstart=` in the C locale. */
export function parsePs(line: string): ProcessRow | undefined {
  const [pid, parent, group, state, ...started] = line.trim().split(/\s+/);
  const startTime = started.join(" ");
  if (!pid || !parent || !group || !state || startTime === "") return undefined;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    startTime,
    age: Date.parse(`${startTime} UTC`),
    dead: state.startsWith("Z"),
  };
}

/** A process that ended meanwhile, or one that is not ours to read, tells nothing. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(error.code ?? "")) return undefined;
  throw error;
}
