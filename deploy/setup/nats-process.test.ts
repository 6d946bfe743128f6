import { mkdtemp, rm } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type NatsProcess, startNatsServer } from "./nats-process.ts";
import { findNatsServer } from "./nats-server.ts";

const found = await findNatsServer({ home: tmpdir(), env: process.env });
const server = "missing" in found ? undefined : found;
const skip = server === undefined;

let home = "";
const running: NatsProcess[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "gt-nats-"));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((nats) => nats.kill()));
  await rm(home, { recursive: true, force: true });
});

async function start(more: { port?: number; signal?: AbortSignal; name?: string } = {}) {
  if (!server) throw new Error("no nats-server to test with");
  const { name = "nats", ...rest } = more;
  const storeDir = join(home, "store");
  const nats = await startNatsServer({ ...server, home: join(home, name), storeDir, ...rest });
  running.push(nats);
  return nats;
}

/** The first line a nats-server sends to whoever connects: what it is and what it can do. */
function greeting(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dial(port, "127.0.0.1");
    socket.once("error", reject);
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
  });
}

test.skipIf(skip)("it takes connections on loopback, with JetStream, once started", async () => {
  const nats = await start();
  expect(nats.url).toBe(`nats://127.0.0.1:${nats.port}`);
  const info: unknown = JSON.parse((await greeting(nats.port)).replace(/^INFO /, ""));
  expect(info).toMatchObject({ jetstream: true, host: "127.0.0.1", port: nats.port });
});

test.skipIf(skip)("after SIGKILL it starts again on the same port and store", async () => {
  const first = await start();
  await first.kill();
  await expect(greeting(first.port)).rejects.toThrow("ECONNREFUSED");
  const second = await start({ port: first.port });
  expect(second.port).toBe(first.port);
  expect(second.pid).not.toBe(first.pid);
});

test.skipIf(skip)("stop ends it, twice does no harm", async () => {
  const nats = await start();
  await nats.stop();
  await nats.stop();
  expect(() => process.kill(nats.pid, 0)).toThrow("ESRCH");
});

test.skipIf(skip)("raising the signal ends it", async () => {
  const stop = new AbortController();
  const nats = await start({ signal: stop.signal });
  stop.abort();
  await nats.exited;
  await expect(greeting(nats.port)).rejects.toThrow("ECONNREFUSED");
});

test.skipIf(skip)("a port in use is an expected failure that says so", async () => {
  const first = await start();
  const second = start({ port: first.port, name: "second" });
  await expect(second).rejects.toMatchObject({
    reason: "unavailable",
    message: expect.stringContaining("address already in use"),
  });
});

test("a server that is not there is an expected failure", async () => {
  const options = { path: "/nowhere/nats-server", version: "2.9.10", home, storeDir: home };
  await expect(startNatsServer(options)).rejects.toMatchObject({ reason: "unavailable" });
});
