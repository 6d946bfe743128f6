import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { connectRpc } from "./client.ts";
import { toyTown, untilClosed } from "./toy-town.ts";

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "gt-"));
  const dispose = () => rm(path, { recursive: true, force: true });
  return { path, socketPath: join(path, "gt.sock"), [Symbol.asyncDispose]: dispose };
}

test("a unix socket, the owner's alone, beside TCP; gone after the drain", async () => {
  await using home = await folder();
  const { socketPath } = home;
  const town = await toyTown({}, { address: "127.0.0.1:0", socketPath });
  expect(town.server.addresses).toEqual([town.server.address, `unix:${socketPath}`]);
  expect(town.server.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
  expect(await readdir(home.path)).toEqual(["gt.sock"]);
  for (const address of town.server.addresses) {
    using client = untilClosed(connectRpc({ address, principal: "overseer" }));
    expect((await client.client(TownService).getTown({})).town).toBe("toy");
  }
  expect(town.callers).toEqual([
    { claimed: "overseer", local: true },
    { claimed: "overseer", local: true },
  ]);
  await town.server.drain(1_000);
  expect(await readdir(home.path)).toEqual([]);
});

test("only the socket's own folder is written to", async () => {
  await using parent = await folder();
  const home = join(parent.path, "home");
  await mkdir(home);
  await chmod(parent.path, 0o500);
  const before = await stat(parent.path);
  await using town = await toyTown({}, { socketPath: join(home, "gt.sock") });
  expect(town.server.address).toBe(`unix:${home}/gt.sock`);
  expect((await stat(parent.path)).mtimeMs).toBe(before.mtimeMs);
});

test("a stale socket is replaced", async () => {
  await using home = await folder();
  const { socketPath } = home;
  // A process that is killed leaves its socket behind.
  const script = `require("net").createServer().listen(${JSON.stringify(socketPath)}, () =>
    process.kill(process.pid, "SIGKILL"))`;
  expect(spawnSync(process.execPath, ["-e", script]).signal).toBe("SIGKILL");
  expect((await stat(socketPath)).isSocket()).toBe(true);
  await using town = await toyTown({}, { socketPath });
  using client = untilClosed(connectRpc({ address: town.server.address }));
  expect((await client.client(TownService).getTown({})).town).toBe("toy");
});

test("a live server keeps its socket", async () => {
  await using home = await folder();
  await using town = await toyTown({}, { socketPath: home.socketPath });
  await expect(toyTown({}, { socketPath: home.socketPath })).rejects.toMatchObject({
    reason: "state",
    message: `another server already answers at ${home.socketPath}; stop it first`,
  });
  using client = untilClosed(connectRpc({ address: town.server.address }));
  expect((await client.client(TownService).getTown({})).town).toBe("toy");
});

test("a file that is no socket is left alone, and a long path is refused", async () => {
  await using home = await folder();
  await writeFile(home.socketPath, "mine");
  await expect(toyTown({}, { socketPath: home.socketPath })).rejects.toMatchObject({
    reason: "state",
    message: /is no socket; move it away/,
  });
  const socketPath = join(home.path, "x".repeat(120));
  await expect(toyTown({}, { socketPath })).rejects.toMatchObject({
    reason: "invalid",
    message: /longer than \d+ bytes/,
  });
  expect(await readdir(home.path)).toEqual(["gt.sock"]);
});

test("a port in use is named, with what to do", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  try {
    await expect(toyTown({}, { address: `127.0.0.1:${port}` })).rejects.toMatchObject({
      reason: "state",
      message: new RegExp(`127.0.0.1:${port} is in use .*stop that, or choose another port`),
    });
  } finally {
    other.close();
  }
});

test("what cannot be listened on at all is invalid", async () => {
  await expect(toyTown({}, { address: "203.0.113.1:0" })).rejects.toMatchObject({
    reason: "invalid",
    message: /no address of this host/,
  });
  await expect(toyTown({}, { address: "localhost" })).rejects.toMatchObject({
    reason: "invalid",
    message: "localhost is not of the form host:port, such as 127.0.0.1:7400",
  });
  await expect(toyTown({}, {})).rejects.toMatchObject({ reason: "invalid" });
  await expect(
    toyTown({}, { address: "127.0.0.1:0", socketPath: "/nonexistent/gt.sock" }),
  ).rejects.toThrow(/ENOENT/);
});
