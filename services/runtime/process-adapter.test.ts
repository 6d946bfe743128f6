import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "#services/lifecycle/clock.ts";
import { processAdapter } from "./process-adapter.ts";
import { systemProcesses } from "./process-table.ts";
import { listMembers } from "./process-tree.ts";
import type { Launch, Session } from "./runtime.ts";

const table = systemProcesses();
const never = new AbortController().signal;

/** A folder, and a socket by which scripts say that they have come somewhere. */
async function stage() {
  const dir = await mkdtemp(join(tmpdir(), "gt-runtime-"));
  const socketPath = join(dir, "heard");
  const said: string[] = [];
  let wake = () => {};
  const server = createServer((socket) => {
    socket.on("data", (bytes) => {
      said.push(...bytes.toString().split("\n").filter(Boolean));
      wake();
    });
  }).listen(socketPath);
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await rm(dir, { recursive: true, force: true });
  });
  const hear = async (count: number) => {
    while (said.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return said;
  };
  const runtime = processAdapter({ clock: systemClock, graceMs: 300, pollMs: 20 });
  const launch = (script: string): Launch => ({
    argv: [process.execPath, "-e", `${sayScript(socketPath)}\n${script}`],
    cwd: dir,
    env: { PATH: process.env["PATH"] ?? "", GT_SESSION: dir },
    outputPath: join(dir, "session", "output.log"),
  });
  const startOne = async (script: string) => {
    const session = await runtime.start(launch(script));
    onTestFinished(() => runtime.end(session));
    return session;
  };
  return { dir, runtime, launch, startOne, hear };
}

function sayScript(socketPath: string): string {
  return [
    `const say = (text) => { const s = require("node:net").connect(${JSON.stringify(socketPath)});`,
    "  s.end(text + '\\n'); };",
    "const stay = () => setInterval(() => {}, 1e6);",
  ].join("\n");
}

test("it runs in its folder with its environment alone, and its output is appended", async () => {
  const { dir, runtime, launch } = await stage();
  const script = "console.log(process.cwd(), Object.keys(process.env)); console.error('!')";
  for (const _ of [1, 2]) {
    const session = await runtime.start(launch(script));
    expect(await runtime.exited(session, never)).toEqual({ code: 0, signal: undefined });
    expect(await runtime.isAlive(session)).toBe(false);
  }
  const line = `${dir} [ 'PATH', 'GT_SESSION' ]\n!\n`;
  expect(await readFile(join(dir, "session", "output.log"), "utf8")).toBe(line + line);
});

test("a program that is not there is named", async () => {
  const { runtime, launch } = await stage();
  const started = runtime.start({ ...launch(""), argv: ["/no/such/program"] });
  await expect(started).rejects.toThrow("cannot start /no/such/program");
});

test("ending a session ends its whole tree: groups, sessions and orphans of its own", async () => {
  const { runtime, startOne, hear } = await stage();
  const stubborn = "process.on('SIGTERM', () => {}); say(String(process.pid)); stay();";
  const session = await startOne(`
    const { spawn } = require("node:child_process");
    const say0 = ${JSON.stringify(stubborn)};
    const prelude = process.execArgv[1].split("\\n").slice(0, 3).join("\\n") + "\\n";
    spawn(process.execPath, ["-e", prelude + say0], { detached: true, stdio: "ignore" });
    // An orphan: its parent is gone before anybody looks.
    const orphan = "require('node:child_process').spawn(process.execPath, ['-e', " +
      JSON.stringify(prelude + say0) + "], { detached: true, stdio: 'ignore' }).unref()";
    spawn(process.execPath, ["-e", orphan], { detached: true, stdio: "ignore" });
    say(String(process.pid));
    stay();
  `);
  const pids = (await hear(3)).map(Number);
  expect((await listMembers(session, table)).map(({ pid }) => pid)).toEqual(
    expect.arrayContaining(pids),
  );
  await runtime.end(session);
  expect(await listMembers(session, table)).toEqual([]);
  expect(await runtime.isAlive(session)).toBe(false);
  await runtime.end(session);
});

test("a later process adopts it, sees it end, and finds one not written down", async () => {
  const { dir, startOne, hear } = await stage();
  const session = await startOne("say('up'); stay();");
  await hear(1);
  const later = processAdapter({ clock: systemClock, graceMs: 300, pollMs: 20 });
  expect(await later.isAlive(session)).toBe(true);
  expect(await later.find(dir)).toEqual(session);
  const ended = later.exited(session, never);
  process.kill(session.pid, "SIGKILL");
  expect(await ended).toEqual({ code: undefined, signal: undefined });
  expect(await later.find(dir)).toBeUndefined();
});

test("a stranger under a reused pid is neither ours nor ended", async () => {
  const { runtime } = await stage();
  const stranger: ChildProcess = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
  onTestFinished(() => void stranger.kill("SIGKILL"));
  await once(stranger, "spawn");
  const pid = stranger.pid ?? 0;
  const session: Session = { pid, startTime: "another-1", marker: "none" };
  expect(await runtime.isAlive(session)).toBe(false);
  await runtime.end(session);
  expect(await table.row(pid)).toMatchObject({ dead: false });
});

test("waiting for an end stops with the signal", async () => {
  const { startOne, hear } = await stage();
  const session = await startOne("say('up'); stay();");
  await hear(1);
  const later = processAdapter({ clock: systemClock });
  const stop = new AbortController();
  const waiting = later.exited(session, stop.signal);
  stop.abort();
  await waiting;
});
