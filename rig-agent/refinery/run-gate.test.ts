import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "#services/lifecycle/clock.ts";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { gateOutputMaxBytes, runGate, timeoutCode } from "./run-gate.ts";

const table = systemProcesses();

async function stage() {
  const cwd = await mkdtemp(join(tmpdir(), "gt-gate-"));
  onTestFinished(() => rm(cwd, { recursive: true }));
  const stop = new AbortController();
  const run = (command: string, timeoutMs = 30_000) =>
    runGate(
      { gate: "test", command, cwd, commit: "k1", timeoutMs, signal: stop.signal },
      { clock: systemClock },
    );
  const pids = async () => (await readFile(join(cwd, "pids"), "utf8")).split("\n").filter(Boolean);
  return { cwd, stop, run, pids };
}

async function living(pids: readonly string[]): Promise<string[]> {
  const rows = await Promise.all(pids.map((pid) => table.row(Number(pid))));
  return pids.filter((_, at) => rows[at] && !rows[at].dead);
}

test("what a gate prints and how it ends is its result", async () => {
  const { run } = await stage();
  expect(await run("echo out; echo err >&2; exit 3")).toMatchObject({
    gate: "test",
    commit: "k1",
    passed: false,
    exitCode: 3,
    output: "out\nerr",
  });
  expect(await run("true")).toMatchObject({ passed: true, exitCode: 0, output: "" });
  expect(await run("kill -9 $$")).toMatchObject({ passed: false, exitCode: 128 });
  expect(await run("printf '\\033[31mred\\033[0m'")).toMatchObject({ output: "red" });
});

test("it reads nothing from stdin and sees no setting of ours", async () => {
  const { run } = await stage();
  process.env["GT_TOKEN"] = "secret";
  onTestFinished(() => void delete process.env["GT_TOKEN"]);
  const { output } = await run("cat; echo ci=$CI token=$GT_TOKEN");
  expect(output).toBe("ci=1 token=");
});

test("a gate that hangs is stopped with all that it started", async () => {
  const { run, pids } = await stage();
  const deaf = "sh -c 'trap \"\" TERM; echo $$ >>pids; exec sleep 1000' &";
  const runaway = "setsid sh -c 'echo $$ >>pids; exec sleep 1000' >/dev/null 2>&1 &";
  const wait = "while [ $(cat pids | wc -l) -lt 2 ]; do :; done; echo begun";
  const result = await run(`touch pids; ${deaf} ${runaway} ${wait}; sleep 1000`, 2_500);
  expect(result).toMatchObject({ passed: false, exitCode: timeoutCode });
  expect(result.output).toBe("begun\n[stopped: not done after 2.5 s]");
  const started = await pids();
  expect(started).toHaveLength(2);
  expect(await living(started)).toEqual([]);
});

test("what a gate leaves running ends with it and does not hold it up", async () => {
  const { run, pids } = await stage();
  const left = "sh -c 'echo $$ >>pids; exec sleep 1000' &";
  const wait = "until [ -s pids ]; do :; done";
  expect(await run(`${left} ${wait}; echo done`)).toMatchObject({ passed: true, output: "done" });
  expect(await living(await pids())).toEqual([]);
});

test("of a flood of output the end is kept", async () => {
  const { run } = await stage();
  const { output, passed } = await run(
    "yes 'all work and no play' | head -c 20000000; echo; echo end",
  );
  expect(passed).toBe(true);
  expect(output.endsWith("\nend")).toBe(true);
  expect(output.startsWith(`[${20_000_005 - gateOutputMaxBytes} bytes before this`)).toBe(true);
  expect(output.length).toBeLessThan(gateOutputMaxBytes + 100);
});

test("a gate that cannot be started is no verdict on the commit", async () => {
  const { run, cwd } = await stage();
  const nowhere = { gate: "test", command: "true", cwd: join(cwd, "gone"), commit: "k1" };
  const { signal } = new AbortController();
  const started = runGate({ ...nowhere, timeoutMs: 1, signal }, { clock: systemClock });
  await expect(started).rejects.toMatchObject({ reason: "unavailable" });
  await access(cwd);
  expect(await run("true")).toMatchObject({ passed: true });
});

test("with us it stops, and says nothing about the commit", async () => {
  const { run, stop } = await stage();
  const running = run("sleep 1000");
  stop.abort();
  await expect(running).rejects.toMatchObject({ reason: "cancelled" });
  await expect(run("true")).rejects.toMatchObject({ reason: "cancelled" });
});
