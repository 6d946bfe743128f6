import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { ownHome } from "./own-home.ts";

test("a second process on one home is refused, and named", async () => {
  const home = mkdtempSync(join(tmpdir(), "gt-own-"));
  const release = await ownHome(home);
  await expect(ownHome(home)).rejects.toThrow(`process ${process.pid} runs on ${home}`);
  await release();
  await (await ownHome(home))();
});

test("a killed holder holds nothing", async () => {
  const home = mkdtempSync(join(tmpdir(), "gt-own-"));
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const startTime = (await systemProcesses().row(pid))?.startTime ?? "";
  writeFileSync(join(home, "owner.json"), JSON.stringify({ pid, startTime }));
  await expect(ownHome(home)).rejects.toMatchObject({ reason: "state" });
  child.kill("SIGKILL");
  await once(child, "exit");
  await (await ownHome(home))();
});

test("a process that got a dead holder's pid is not taken for it", async () => {
  const home = mkdtempSync(join(tmpdir(), "gt-own-"));
  const stranger = { pid: process.ppid, startTime: "another process's" };
  writeFileSync(join(home, "owner.json"), JSON.stringify(stranger));
  await (await ownHome(home))();
});
