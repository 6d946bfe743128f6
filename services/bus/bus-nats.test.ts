import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Bus } from "./bus.ts";
import { describeBusContract } from "./bus-contract.ts";
import { connectNatsBus, type NatsBusOptions } from "./bus-nats.ts";
import { type BusFixture, contractTown, restrictedSubjects } from "./contract/fixture.ts";
import {
  type Cable,
  createCable,
  createNatsProcess,
  natsServerPath,
} from "./contract/nats-process.ts";
import {
  all,
  bytes,
  consumeTexts,
  createWitness,
  ledger,
  linkIs,
  publishAll,
} from "./contract/witness.ts";
import { dialNats } from "./nats.ts";

const path = natsServerPath(process.env);
const retry = { baseMs: 20, maxMs: 100 };
const list = (subjects: readonly string[]) => JSON.stringify(subjects);
const users = `authorization { users = [
  { user: free, password: pass }
  { user: restricted, password: pass, permissions: {
    publish: ${list(restrictedSubjects.publish)}
    subscribe: ${list([...restrictedSubjects.subscribe, "_INBOX.>"])}
  } }
] }`;
const free = { user: "free", password: "pass" };

async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "gt-bus-"));
}

async function makeFixture(server: string): Promise<BusFixture> {
  const folder = await temporaryFolder();
  const nats = await createNatsProcess(server, folder, users);
  await nats.start();
  const clients: Bus[] = [];
  const cables = new Map<string, Cable>();
  return {
    connect: async (name, restricted) => {
      const cable = await createCable(nats.port);
      cables.set(name, cable);
      const auth = restricted ? { ...free, user: "restricted" } : free;
      const client = await connectNatsBus({
        url: cable.url,
        name,
        town: contractTown,
        auth,
        linkRetry: retry,
        consumerRetry: retry,
      });
      clients.push(client);
      return client;
    },
    cut: (name) => cables.get(name)?.cut(),
    heal: (name) => cables.get(name)?.heal(),
    crash: nats.kill,
    restart: nats.start,
    wipe: async () => {
      const lost = clients.map(linkLost);
      await nats.kill();
      await Promise.all(lost);
      await nats.wipe();
      await nats.start();
    },
    close: async () => {
      for (const client of clients) await client.close();
      for (const cable of cables.values()) await cable.close();
      await nats.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function linkLost(bus: Bus): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watch = bus.onLink((up) => up || resolve());
  await promise;
  watch.stop();
}

if (path) {
  describeBusContract("nats", () => makeFixture(path));
  describe("nats-server", { timeout: 20_000 }, () => serverTests(path));
  describe("a lesser nats-server", { timeout: 20_000 }, () => degradedTests(path));
  describe("its clients", { timeout: 20_000 }, () => clientTests(path));
} else {
  test.skip("no nats-server on the PATH, and GT_NATS_SERVER does not name one", () => undefined);
}

/** A server and a client that end with the test. */
async function setUp(
  server: string,
  config: string,
  more: Partial<NatsBusOptions> = {},
  max?: number,
) {
  const folder = await temporaryFolder();
  const nats = await createNatsProcess(server, folder, config, max);
  await nats.start();
  const url = `nats://127.0.0.1:${nats.port}`;
  const retries = { linkRetry: retry, consumerRetry: retry };
  const bus = await connectNatsBus({ url, name: "a", town: contractTown, ...retries, ...more });
  onTestFinished(async () => {
    await bus.close();
    await nats.kill();
    await rm(folder, { recursive: true, force: true });
  });
  return { bus, nats, url };
}

function serverTests(server: string): void {
  test.for(["STREAM.DELETE.GT_t", "STREAM.PURGE.GT_t"])(
    "%s under living clients: they go on",
    async (verb) => {
      const { bus, url } = await setUp(server, "");
      const got = await consumeTexts(bus, all);
      await publishAll(bus, ledger, ["1", "2"]);
      await got.atLeast(2);
      const operator = await dialNats({
        url,
        name: "op",
        answerMaxMs: 5_000,
        report: () => undefined,
      });
      await operator.request(`$JS.API.${verb}`, bytes(""), 5_000);
      await operator.close();
      await publishAll(bus, ledger, ["3", "4"]);
      await got.atLeast(4);
      expect(got.seen).toEqual(["1", "2", "3", "4"]);
    },
  );

  test("a store put back from a backup, its numbers used again: nothing is skipped", async () => {
    const { bus, nats, url } = await setUp(server, "");
    const cable = await createCable(nats.port);
    const more = { linkRetry: retry, consumerRetry: retry };
    const reader = await connectNatsBus({ url: cable.url, name: "r", town: contractTown, ...more });
    onTestFinished(async () => {
      await reader.close();
      await cable.close();
    });
    const got = await consumeTexts(reader, all);
    await publishAll(bus, ledger, ["1", "2"]);
    await got.atLeast(2);
    await Promise.all([linkLost(bus), linkLost(reader), nats.kill()]);
    await nats.backUp();
    await nats.start();
    await linkIs(bus, true);
    await publishAll(bus, ledger, ["3", "4"]);
    await got.atLeast(4);
    cable.cut();
    await linkIs(reader, false);
    await nats.kill();
    await nats.restore();
    await nats.start();
    const writer = await connectNatsBus({ url, name: "w", town: contractTown, ...more });
    onTestFinished(() => writer.close());
    await publishAll(writer, ledger, ["5", "6", "7"]);
    cable.heal();
    while (!got.seen.includes("7")) await got.atLeast(got.seen.length + 1);
    expect([...new Set(got.seen)]).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  });
}

function degradedTests(server: string): void {
  test("a small store gets a smaller stream, and says so once", async () => {
    const notices: string[] = [];
    const notice = (text: string) => void notices.push(text);
    const { bus } = await setUp(server, "", { notice }, 200 * 1024 * 1024);
    await bus.publish(ledger, bytes("1"), "1");
    const smaller = notices.filter((text) => text.includes("no room"));
    expect(smaller.at(-1)).toContain(String(128 * 1024 * 1024));
  });

  test("without JetStream signals work and storing is unavailable", async () => {
    const folder = await temporaryFolder();
    const nats = await createNatsProcess(server, folder, "", undefined, "without JetStream");
    await nats.start();
    const bus = await connectNatsBus({
      url: `nats://127.0.0.1:${nats.port}`,
      name: "a",
      town: contractTown,
    });
    onTestFinished(async () => {
      await bus.close();
      await nats.kill();
      await rm(folder, { recursive: true, force: true });
    });
    const got = createWitness<string>();
    bus.listen("gt.t.wake", (_, subject) => got.see(subject));
    bus.signal("gt.t.wake", bytes(""));
    await got.atLeast(1);
    const stored = bus.publish(ledger, bytes("1"), "1");
    await expect(stored).rejects.toMatchObject({ reason: "unavailable" });
  });
}

function clientTests(server: string): void {
  test("the version is the server's; a wrong password is told and tried again", async () => {
    const { bus, url } = await setUp(server, users, { auth: free });
    expect(bus.version).toMatch(/^\d+\.\d+\.\d+/);
    const wrong = { ...free, password: "wrong" };
    const base = { url, name: "b", town: contractTown, linkRetry: retry };
    const other = await connectNatsBus({ ...base, auth: wrong });
    onTestFinished(() => other.close());
    const errors = createWitness<Error>();
    other.onError(errors.see);
    await errors.atLeast(1);
    expect(errors.seen[0]).toMatchObject({ name: "TownError", reason: "denied" });
    expect(other.isUp()).toBe(false);
  });

  test("shutdown's signal closes the bus", async () => {
    const shutdown = new AbortController();
    const { bus } = await setUp(server, "", { signal: shutdown.signal });
    const lost = linkLost(bus);
    shutdown.abort();
    await lost;
    await bus.close();
    expect(bus.isUp()).toBe(false);
  });

  test.for(["up", "away"])(
    "with the server %s, a closed bus keeps no process alive",
    async (is) => {
      const { nats, url } = await setUp(server, "");
      if (is === "away") await nats.kill();
      const script = `
      const { connectNatsBus } = await import("./bus-nats.ts");
      const retry = { baseMs: 1e8, maxMs: 1e8 };
      const slow = { linkRetry: retry, consumerRetry: retry };
      const bus = await connectNatsBus({ url: "${url}", name: "x", town: "t", ...slow });
      await bus.consume("gt.t.ledger.>", () => { throw new Error("no"); }, { from: "all" });
      bus.listen("gt.t.wake", () => {});
      const refused = new Promise((resolve) => bus.onError(resolve));
      if (bus.isUp()) {
        await bus.publish("gt.t.ledger.a", new Uint8Array(), "1");
        await refused;
      }
      await bus.close();
      console.log(bus.version === "unknown" ? "away" : "up");`;
      const options = { cwd: import.meta.dirname, timeout: 10_000 };
      const flags = ["--input-type=module", "-e", script];
      const { stdout } = await promisify(execFile)(process.execPath, flags, options);
      expect(stdout).toBe(`${is}\n`);
    },
  );
}
