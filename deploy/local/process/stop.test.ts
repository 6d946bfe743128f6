import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { noteProcess, readTownFile } from "../home/town-file.ts";
import { isAlive, stopHome, stopOrder } from "./stop.ts";

const table = systemProcesses();

test("agents end before the town, the bus last, whatever else before it", () => {
  expect(stopOrder(["nats", "machines/b", "more", "town", "demo", "machines/a"])).toEqual({
    first: ["demo", "machines/b", "machines/a"],
    last: ["town", "more", "nats"],
  });
});

function scratchHome(): string {
  const home = mkdtempSync(join(tmpdir(), "gt-stop-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  return home;
}

/** A process that says when it is ready, and stays. */
async function sleeper(script: string, env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const stay = `${script}; setInterval(() => {}, 1e6); console.log("up")`;
  const child = spawn(process.execPath, ["-e", stay], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data");
  return child;
}

async function markOf({ pid = 0 }: ChildProcess) {
  return { pid, startTime: (await table.row(pid))?.startTime ?? "" };
}

test("what was noted, its workers, and what was not noted in time are all ended", async () => {
  const home = scratchHome();
  const town = await sleeper("");
  noteProcess(home, "town", await markOf(town));
  const session = join(home, "machines", "vm-a", "sessions", "nux-a-1-1-0");
  mkdirSync(session, { recursive: true });
  const worker = await sleeper("", { GT_SESSION: session });
  const record = { agent: "rigs/a/polecats/nux", bead: "u", beadId: "a-1", epoch: "1.1.0" };
  const mark = { ...(await markOf(worker)), marker: session };
  const text = JSON.stringify({ ...record, state: "running", process: mark });
  writeFileSync(join(session, "session.json"), text);
  const stray = await sleeper("", { GT_HOME: join(home, "machines", "vm-a") });
  const ended = await stopHome(home, table);
  expect(ended).toEqual(["rigs/a/polecats/nux", "town", `pid ${stray.pid}`]);
  for (const child of [town, worker, stray]) {
    expect(await isAlive(table, await markOf(child))).toBe(false);
  }
  expect(readTownFile(home)?.pids).toEqual({});
  expect(await stopHome(home, table)).toEqual([]);
});

test("a stranger under a pid that was used again is left alone", async () => {
  const home = scratchHome();
  const stranger = await sleeper("");
  noteProcess(home, "town", { pid: stranger.pid ?? 0, startTime: "long-ago" });
  expect(await stopHome(home, table)).toEqual([]);
  expect(await isAlive(table, await markOf(stranger))).toBe(true);
});
