import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { createNatsProcess, natsServerPath } from "#services/bus/contract/nats-process.ts";
import { openBus } from "#services/bus/open-bus.ts";
import { beatSubject } from "#services/bus/subjects.ts";
import { type Beat, decodeBeat } from "./beat.ts";

const server = natsServerPath(process.env);
const everyMs = 200;
const program = fileURLToPath(new URL("./scratch-heart.ts", import.meta.url));

/** A nats-server, a process with a heart, and its beats as they come. */
async function scratch(path: string) {
  const folder = await mkdtemp(join(tmpdir(), "gt-heart-"));
  const nats = await createNatsProcess(path, folder, "");
  await nats.start();
  const url = `nats://127.0.0.1:${nats.port}`;
  const bus = await openBus({ url, name: "listener", town: "scene", notice: () => {} });
  const beats: { readonly beat: Beat; readonly heardMs: number }[] = [];
  let bell = Promise.withResolvers<void>();
  bus.listen(beatSubject("scene", "vm-a"), (payload) => {
    const beat = decodeBeat(payload);
    if (beat) beats.push({ beat, heardMs: performance.now() });
    bell.resolve();
    bell = Promise.withResolvers<void>();
  });
  const child = spawn(process.execPath, [program, url, String(everyMs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await bus.close();
    await nats.kill();
    await rm(folder, { recursive: true, force: true });
  });
  const tell = (line: string) => child.stdin?.write(`${line}\n`);
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await bell.promise;
  };
  return { nats, child, beats, tell, until };
}

async function said(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error("it has no output");
  await once(child.stdout, "data");
  return performance.now();
}

describe.skipIf(server === undefined)("a heart in a thread of its own", () => {
  test("beats on while the process is held up, says so, and ends with it", async () => {
    const { child, beats, tell, until } = await scratch(server ?? "");
    await until(() => beats.length >= 3);
    expect(beats.at(-1)?.beat).toMatchObject({ machine: "vm-a" });
    expect(beats.at(-1)?.beat.bodyAgeMs).toBeLessThan(everyMs);
    // Bodies are asked for beat by beat.
    expect(beats.at(-1)?.beat.polecatsMax).toBeGreaterThan(beats[0]?.beat.polecatsMax ?? 0);

    const blockMs = 3_000;
    const fromMs = performance.now();
    const from = beats.length;
    tell(`block ${blockMs}`);
    const freeMs = await said(child);
    const within = beats.slice(from).filter(({ heardMs }) => heardMs < freeMs);
    expect(freeMs - fromMs).toBeGreaterThanOrEqual(blockMs);
    expect(within.length).toBeGreaterThan((0.5 * blockMs) / everyMs);
    const gaps = within.map(({ heardMs }, at) => heardMs - (within[at - 1]?.heardMs ?? fromMs));
    expect(Math.max(...gaps)).toBeLessThan(blockMs / 2);
    const last = within.at(-1)?.beat;
    expect(last?.loopLagMs).toBeGreaterThan(blockMs / 2);
    expect(last?.bodyAgeMs).toBeGreaterThan(blockMs / 2);

    // Free again, it says what is new.
    const known = last?.polecatsMax ?? 0;
    await until(() => (beats.at(-1)?.beat.polecatsMax ?? 0) > known + 2);
    expect(beats.at(-1)?.beat.bodyAgeMs).toBeLessThan(everyMs);
    expect(beats.at(-1)?.beat.loopLagMs).toBeLessThan(blockMs / 2);

    tell("end");
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    const count = beats.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(beats.length - count).toBeLessThanOrEqual(1);
  });

  test("finds its server again by itself", async () => {
    const { nats, beats, until } = await scratch(server ?? "");
    await until(() => beats.length >= 1);
    await nats.kill();
    const count = beats.length;
    await nats.start();
    await until(() => beats.length >= count + 2);
  });

  test("does not outlive its process", async () => {
    const { child, beats, until } = await scratch(server ?? "");
    await until(() => beats.length >= 1);
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(child.signalCode).toBe("SIGTERM");
  });
});
