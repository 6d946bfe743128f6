import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RpcServer, serveRpc } from "#services/rpc/server.ts";
import type { Terminal } from "./terminal.ts";
import { runInMemory, type Told } from "./terminal-memory.ts";
import { openTownMemory, type TownMemory, townStartMs } from "./town-memory.ts";

let folder: string;
let town: TownMemory;
let server: RpcServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gt-"));
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  town = openTownMemory();
  server = await serve({ address: "127.0.0.1:0" });
  return () => server.drain(1_000);
});

function serve(listen: { address?: string; socketPath?: string }): Promise<RpcServer> {
  return serveRpc({
    services: town.services,
    listen,
    authenticate: () => "overseer",
    onBug: () => {},
  });
}

function gt(
  args: readonly string[],
  over: Partial<Terminal> = {},
  signal?: AbortSignal,
): Promise<Told> {
  const place = { env: { GT_TOWN: server.address }, cwd: folder };
  return runInMemory(args, { ...place, nowMs: () => townStartMs + 180_000, ...over }, signal);
}

test("files a bead on the only rig, shows and closes it", async () => {
  const next = "  `gt sling alpha-1` has it done\n";
  const filed = await gt(["create", "Greet by name", "-p", "1", "--label", "a", "--label", "b"]);
  expect(filed).toEqual({ exitCode: 0, out: `created alpha-1  Greet by name\n${next}`, err: "" });
  expect(town.beads.get("alpha-1")).toMatchObject({ priority: 1, labels: ["a", "b"] });
  const shown = await gt(["show", "alpha-1"]);
  expect(shown.out).toContain("● open · ready · task · P1 · rig alpha");
  expect(shown.out).toContain("Filed    3m ago");
  expect((await gt(["close", "alpha-1", "-r", "by hand"])).exitCode).toBe(0);
  expect(town.beads.get("alpha-1")).toMatchObject({ status: "closed", closeReason: "by hand" });
});

test("answers in JSON with every field", async () => {
  const { out } = await gt(["--json", "create", "Greet", "--request-id", "r1"]);
  const again = await gt(["create", "Greet", "--request-id", "r1", "--json"]);
  expect(again.out).toBe(out);
  expect(JSON.parse(out)).toMatchObject({
    bead: { id: "alpha-1", labels: [], ready: true, createTime: "2026-03-01T09:00:00Z" },
  });
  const status = JSON.parse((await gt(["status", "--json"])).out);
  expect(status).toMatchObject({
    town: { town: "bartertown", busUp: true },
    machines: [{ name: "vm-a", state: "MACHINE_STATE_READY" }],
    rigs: [{ name: "alpha" }],
  });
});

test("a refusal ends with 1 and says what to do", async () => {
  const lost = await gt(["show", "alpha-9"]);
  expect(lost.exitCode).toBe(1);
  expect(lost.err).toBe("gt: no bead alpha-9\n    `gt list` shows what there is\n");
  const long = await gt(["create", "x".repeat(501), "--rig", "alpha", "--json"]);
  expect(long.exitCode).toBe(1);
  expect(JSON.parse(long.err)).toEqual({
    error: {
      reason: "invalid",
      message: "the title is too long",
      violations: [{ field: "title", description: "at most 500 characters" }],
    },
  });
});

test.for([
  { args: ["lst"], says: "unknown command 'lst'", meant: "did you mean list?" },
  { args: ["rig", "lis"], says: "unknown command 'lis'", meant: "did you mean list?" },
  { args: ["list", "--statu", "open"], says: "unknown option '--statu'", meant: "--status" },
  { args: ["show"], says: "missing required argument 'id'", meant: "`gt show --help`" },
  { args: ["create", "x", "-p", "7"], says: "It is 0 (most urgent) to 4", meant: "gt create" },
  { args: ["create", "x", "--defer", "soon"], says: '"soon" is no time', meant: "30m" },
  { args: ["update", "alpha-1"], says: "nothing to change", meant: "gt update --help" },
])("bad usage ends with 2: gt $args", async ({ args, says, meant }) => {
  const told = await gt(args);
  expect(told.exitCode).toBe(2);
  expect(told.err).toContain(says);
  expect(told.err).toContain(meant);
  const inJson = await gt([...args, "--json"]);
  expect(JSON.parse(inJson.err).error.reason).toBe("usage");
});

test("nobody to ask, and nobody who answers, ends with 3", async () => {
  const none = await gt(["list"], { env: {} });
  expect(none).toMatchObject({ exitCode: 3, out: "" });
  expect(none.err).toContain("gt up");
  const silent = await gt(["list", "--town", "127.0.0.1:1", "--json"]);
  expect(silent.exitCode).toBe(3);
  expect(JSON.parse(silent.err).error.reason).toBe("unavailable");
});

test("a bug of the town ends with 4, what it does not offer with 1", async () => {
  const bug = await gt(["explain", "alpha-1"]);
  expect(bug.exitCode).toBe(4);
  expect(bug.err).toContain("this is a bug in Gas Town");
  const missing = await gt(["peek", "nux"]);
  expect(missing.exitCode).toBe(1);
  expect(missing.err).toContain("ask the town itself");
});

test("with the town away its machine's rig-agent answers, and that is said", async () => {
  const home = join(folder, "away");
  await mkdir(home);
  const socket = join(home, "agent.sock");
  const file = { version: 1, town: "x", address: "127.0.0.1:1", sockets: { "vm-a": socket } };
  await writeFile(join(home, "town.json"), JSON.stringify(file));
  const agent = await serve({ socketPath: socket });
  town.put("created", { id: "alpha-7", title: "Kept", status: "open" });
  const told = await gt(["list", "--home", home]);
  const examined = await gt(["doctor", "--home", home]);
  await agent.drain(1_000);
  expect(told.exitCode).toBe(0);
  expect(told.out).toContain("alpha-7");
  expect(told.err).toMatch(/^gt: the town at .* does not answer; asking the rig-agent of vm-a\n$/);
  expect(examined.exitCode).toBe(3);
  expect(examined.out).toMatch(/✗ +town +the town at .* does not answer; .* vm-a did: .*gt up`$/m);
  expect(examined.out).toContain("bus");
});

test("a home of another version is refused by name", async () => {
  const home = join(folder, "newer");
  await mkdir(home);
  await writeFile(join(home, "town.json"), JSON.stringify({ version: 2 }));
  const told = await gt(["list", "--home", home]);
  expect(told.exitCode).toBe(1);
  expect(told.err).toContain(`${home}/town.json is of version 2; this gt reads 1`);
});

test("inside a polecat the hook is its own, by its token", async () => {
  const socket = join(folder, "polecat.sock");
  const agent = await serve({ socketPath: socket });
  const env = { GT_SOCKET: socket, GT_TOKEN: "nux" };
  const hook = await gt(["hook"], { env });
  const step = await gt(["step"], { env });
  const list = await gt(["step", "list", "--json"], { env });
  await agent.drain(1_000);
  expect(hook.out).toContain("rigs/alpha/polecats/nux");
  expect(step.out).toContain("Do the work.");
  expect(JSON.parse(list.out).molecule.steps).toHaveLength(2);
  expect((await gt(["hook"])).out).toBe("nothing hangs on the hook of you\n");
});

test("update names exactly what changes", async () => {
  town.put("created", { id: "alpha-1", title: "Greet", labels: ["a", "b"] });
  await gt(["update", "alpha-1", "--add-label", "c", "--remove-label", "a", "-p", "0"]);
  expect(town.beads.get("alpha-1")).toMatchObject({ title: "Greet", labels: ["b", "c"] });
});

test("what is closed by its status is pointed to gt close, before anybody is asked", async () => {
  const told = await gt(["update", "alpha-1", "-s", "closed"]);
  expect(told).toMatchObject({ exitCode: 2, out: "" });
  expect(told.err).toContain("`gt close alpha-1`");
});

test("a list passes its filter on", async () => {
  await gt(["list", "--rig", "alpha", "--status", "open", "--type", "bug"]);
  expect(town.lastFilter()).toBe("status = open AND type = bug AND rig = alpha");
  const none = await gt(["list", "--tier", "archive"]);
  expect(none.out).toMatch(/^no such beads in the tier archive; `gt list --all`/);
  await gt(["list", "--closed-since", "1d"]);
  expect(town.lastFilter()).toBe('closed >= "2026-02-28T09:03:00.000Z" AND work = true');
});

test("with several rigs one has to be named; without a gate that is said", async () => {
  const added = await gt(["rig", "add", "beta", "https://example.org/beta.git"]);
  expect(added.out).toContain("NO GATE: everything lands untested");
  const gated = await gt(["rig", "add", "gamma", "https://example.org/c.git", "--gate", "make"]);
  expect(gated.out).not.toContain("NO GATE");
  const vague = await gt(["create", "Greet"]);
  expect(vague).toMatchObject({ exitCode: 2, out: "" });
  expect(vague.err).toContain("which rig? --rig alpha, beta, gamma, or --rig hq");
  expect((await gt(["create", "Greet", "--rig", "hq", "-q"])).out).toBe("hq-1\n");
});

test("status says what waits for a person", async () => {
  town.put("created", { id: "alpha-1", title: "x", status: "deferred" });
  const { out } = await gt(["status"]);
  expect(out).toContain("2 letters wait: gt mail inbox -u\n1 bead needs a person: ");
  expect(town.lastFilter()).toBe("status = deferred AND work = true");
});

test("doctor tells what fails with its remedy, and ends with 1", async () => {
  const told = await gt(["doctor"]);
  expect(told.exitCode).toBe(1);
  expect(told.out).toContain("NATS is down: start it");
});

test("watch prints an event a line until the epic is closed", async () => {
  const epic = town.put("created", { id: "hq-1", title: "Epic", status: "open" });
  const watching = gt(["watch", "hq-1", "--until-closed", "--json"]);
  await town.watched;
  town.put("updated", { ...epic, priority: 0 });
  town.put("closed", { ...epic, status: "closed" });
  const told = await watching;
  const lines = told.out.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).kind)).toEqual(["updated", "closed"]);
  expect(told.exitCode).toBe(0);
});

test("watch draws the tree again until all is closed", async () => {
  const epic = town.put("created", { id: "hq-1", title: "Epic", status: "open" });
  const part = town.put("created", {
    id: "alpha-2",
    title: "Part",
    status: "open",
    parent: "hq-1",
  });
  const frames: string[] = [];
  const show = (frame: string) => {
    frames.push(frame);
    for (const bead of [part, epic]) town.put("closed", { ...bead, status: "closed" });
  };
  const over = { isTty: true, columns: () => 80, redraw: async () => ({ show, done: () => {} }) };
  const told = await gt(["watch", "--until-closed"], over);
  expect(told.exitCode).toBe(0);
  expect(frames[0]).toContain("○ hq-1       Epic  0/1 closed");
  expect(frames[0]).toContain("└ ○ alpha-2  Part");
  expect(frames.at(-1)).toContain("✓ hq-1");
});

test("watch ends with 1, and says why, when only a person can go on", async () => {
  const epic = town.put("created", {
    id: "hq-1",
    title: "Epic",
    status: "open",
    issueType: "epic",
  });
  const part = { id: "alpha-2", title: "Part", status: "open", parent: epic.id };
  town.put("created", part);
  const watching = gt(["watch", "hq-1", "--until-closed"]);
  await town.watched;
  town.put("updated", { ...part, status: "deferred", notes: "no such file" });
  const told = await watching;
  expect(told.exitCode).toBe(1);
  expect(told.out).toContain("updated   alpha-2");
  expect(told.err).toContain("hq-1 does not go on: nobody works on alpha-2 until you decide");
  expect(told.err).toContain("gt mail inbox");
  expect(told.err).toContain("alpha-2 (Part): deferred by overseer: no such file");
  const shown = await gt(["show", "alpha-2"]);
  expect(shown.out).toContain("Blocked by\n  deferred by overseer: no such file");
});

test("a watch says once that the town is away, without touching what it draws", async () => {
  town.put("created", { id: "hq-1", title: "Epic", status: "open" });
  const frames: string[] = [];
  const ended = new AbortController();
  let stopped: Promise<void> | undefined;
  const show = (frame: string) => {
    frames.push(frame);
    stopped ??= server.drain(0);
    if (frame.includes("town away")) ended.abort();
  };
  const over = { isTty: true, columns: () => 80, redraw: async () => ({ show, done: () => {} }) };
  const told = await gt(["watch", "hq-1"], over, ended.signal);
  await stopped;
  expect(told).toMatchObject({ exitCode: 0, err: "" });
  expect(frames.at(-1)).toMatch(/hq-1 .*\n\ntown away, waiting …; Ctrl-C ends$/s);
});

test("a polecat's gt waits for a rig-agent that is starting again", async () => {
  const socket = join(folder, "later.sock");
  const env = { GT_SOCKET: socket, GT_TOKEN: "nux" };
  const asking = gt(["hook"], { env });
  const agent = await serve({ socketPath: socket });
  const told = await asking;
  await agent.drain(1_000);
  expect(told.exitCode).toBe(0);
});
