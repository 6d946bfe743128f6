import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "#services/lifecycle/clock.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { processAdapter } from "#services/runtime/process-adapter.ts";
import type { ProcessTable } from "#services/runtime/process-table.ts";
import { listMembers } from "#services/runtime/process-tree.ts";
import { changeTownFile, type ProcessMark, readTownFile } from "../home/town-file.ts";
import { machineHome } from "./plan.ts";
import { machinesIn, sessionsOf } from "./sessions.ts";

const graceMs = 10_000;
const polecatGraceMs = 1_000;
const killMs = 5_000;
const pollMs = 20;

/** Whether a process that was noted still lives. */
export async function isAlive(table: ProcessTable, mark: ProcessMark): Promise<boolean> {
  const row = await table.row(mark.pid);
  return row !== undefined && !row.dead && row.startTime === mark.startTime;
}

/**
 * The order in which a home's processes end: the demo, which ends the others itself; rig-agents, so
 * that nobody starts a worker again; the town; the bus last, since all of them speak over it. Pure.
 */
export function stopOrder(names: readonly string[]): { first: string[]; last: string[] } {
  const agents = names.filter((name) => name.startsWith("machines/"));
  const pick = (name: string) => (names.includes(name) ? [name] : []);
  const known = new Set([...agents, "demo", "town", "nats"]);
  const others = names.filter((name) => !known.has(name));
  return {
    first: [...pick("demo"), ...agents],
    last: [...pick("town"), ...others, ...pick("nats")],
  };
}

/**
 * End every process that was started for a home, workers too, and wait until all are gone.
 *
 * @param tell told of each as it has ended, by name
 * @returns what was ended, by name
 * @throws TownError `unavailable` where something outlives even SIGKILL
 */
export async function stopHome(
  home: string,
  table: ProcessTable,
  tell: (name: string) => void = () => {},
): Promise<string[]> {
  const file = readTownFile(home);
  const marks = new Map(Object.entries(file?.pids ?? {}));
  const { first, last } = stopOrder([...marks.keys()]);
  const ended: string[] = [];
  const end = (name: string) => {
    ended.push(name);
    tell(name);
  };
  const stop = async (name: string) => {
    const mark = marks.get(name);
    if (mark !== undefined && (await stopOne(name, mark, table))) end(name);
  };
  if (first.includes("demo")) await stop("demo");
  await Promise.all(first.filter((name) => name !== "demo").map(stop));
  await stopPolecats(home, await machinesIn(home), table, end);
  for (const name of last) await stop(name);
  await stopStrays(home, table, end);
  if (file !== undefined) changeTownFile(home, (now) => ({ ...now, pids: {} }));
  return ended;
}

/** End one process: ask, then kill with all below it. False where it was gone already, or is us. */
async function stopOne(name: string, mark: ProcessMark, table: ProcessTable): Promise<boolean> {
  if (mark.pid === process.pid || !(await isAlive(table, mark))) return false;
  send(mark.pid, "SIGTERM");
  if (await gone(mark, table, graceMs)) return true;
  await killTree(mark, table);
  if (await gone(mark, table, killMs)) return true;
  throw new TownError("unavailable", `${name} (pid ${mark.pid}) outlives SIGKILL`);
}

/** SIGKILL a process and then all below it, as a machine that loses its power would look. */
export async function killTree(mark: ProcessMark, table: ProcessTable): Promise<void> {
  const members = await listMembers({ ...mark, marker: "" }, table);
  for (const { pid } of [...members].sort((a) => (a.pid === mark.pid ? -1 : 1))) {
    send(pid, "SIGKILL");
  }
}

async function gone(mark: ProcessMark, table: ProcessTable, withinMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs;
  while (await isAlive(table, mark)) {
    if (performance.now() > deadlineMs) return false;
    await wait(pollMs);
  }
  return true;
}

/** End one machine of a home: its rig-agent first, then its polecats. */
export async function stopMachine(home: string, machine: string, table: ProcessTable) {
  await stopAgent(home, machine, table);
  await stopPolecats(home, [machine], table, () => {});
}

/** End one rig-agent alone: its polecats go on, and the next one takes them up again. */
export async function stopAgent(home: string, machine: string, table: ProcessTable) {
  const name = `machines/${machine}`;
  const { [name]: mark } = readTownFile(home)?.pids ?? {};
  if (mark !== undefined) await stopOne(name, mark, table);
  changeTownFile(home, (file) => {
    const { [name]: _, ...pids } = file.pids;
    return { ...file, pids };
  });
}

/** Polecats outlive their rig-agent on purpose, so they are ended by themselves. */
async function stopPolecats(
  home: string,
  machines: readonly string[],
  table: ProcessTable,
  ended: (name: string) => void,
): Promise<void> {
  const runtime = processAdapter({ clock: systemClock, table, graceMs: polecatGraceMs });
  for (const machine of machines) {
    const sessions = await sessionsOf(home, machine);
    const ends = sessions.map(async ({ agent, session }) => {
      const isThere = (await listMembers(session, table)).length > 0;
      await runtime.end(session);
      if (isThere) ended(agent);
    });
    await Promise.all(ends);
  }
}

/** What was started and could not be noted any more carries its home in its environment. */
async function stopStrays(
  home: string,
  table: ProcessTable,
  ended: (name: string) => void,
): Promise<void> {
  const machines = await machinesIn(home);
  const folders = [`${home}/town`, ...machines.map((machine) => machineHome(home, machine))];
  const rows = (await table.all()).filter(({ dead, pid }) => !dead && pid !== process.pid);
  for (const row of rows) {
    const carries = folders.map((folder) => table.carries(row.pid, "GT_HOME", folder));
    if (!(await Promise.all(carries)).includes(true)) continue;
    if (await stopOne("a process left behind", row, table)) ended(`pid ${row.pid}`);
  }
}

/** Signal a process; that it is gone already is as good. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
