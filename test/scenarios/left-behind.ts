import { readdir, readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { ProcessTable } from "#services/runtime/process-table.ts";
import type { ProcessMark } from "../../deploy/local/home/town-file.ts";
import { isAlive } from "../../deploy/local/process/stop.ts";

const goneMsMax = 10_000;
const pollMs = 20;

/** Wait until a process is gone. Others' processes end without telling, so it is looked for. */
export async function untilGone(mark: ProcessMark, table: ProcessTable): Promise<void> {
  const deadlineMs = performance.now() + goneMsMax;
  while (await isAlive(table, mark)) {
    if (performance.now() > deadlineMs) throw new Error(`process ${mark.pid} lives on`);
    await wait(pollMs);
  }
}

/** Living processes that were started with a word of `home` in their command or environment. */
export async function whoIsLeft(home: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, environment] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
        readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""),
      ]);
      const isOurs = Number(pid) !== process.pid && `${command}${environment}`.includes(home);
      return isOurs ? [`${pid} ${command.replaceAll("\0", " ").trim()}`] : [];
    }),
  );
  return found.flat();
}
