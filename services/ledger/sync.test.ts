import { execFileSync } from "node:child_process";
import { setMaxListeners } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { MemoryDisk } from "./disk-memory.ts";
import { nodeDisk } from "./disk-node.ts";
import { type Draft, decodeEvent, encodeEvent, hashLine } from "./event.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { type LedgerGit, openLedgerGit } from "./ledger-git.ts";
import { type LedgerSync, runSync } from "./sync.ts";

let root = "";
let stop = new AbortController();
const failures: unknown[] = [];

beforeEach(() => {
  setMaxListeners(100);
  root = mkdtempSync(join(tmpdir(), "gt-sync-"));
  stop = new AbortController();
  failures.length = 0;
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", join(root, "remote.git")]);
});

afterEach(() => {
  stop.abort();
  rmSync(root, { recursive: true, force: true });
});

type Member = { ledger: Ledger; sync: LedgerSync };
type Broker = ReturnType<typeof createMemoryBroker>;

const nowMs = () => 1_000;
const pace = { pushMs: 10, fetchMs: 3_600_000, alonePollMs: 20, gapMs: 5 };

async function member(machine: string, broker: Broker, dir = machine): Promise<Member> {
  const options = { machine, disk: nodeDisk, nowMs: Date.now };
  const ledger = await openLedger({ ...options, dir: join(root, dir, "journal") });
  const branch = machine === "town" ? "main" : `machines/${machine}`;
  const git = openLedgerGit({
    dir: join(root, dir, "ledger.git"),
    remote: join(root, "remote.git"),
    branch,
    machine,
  });
  const sync = await runSync({
    town: "t",
    ledger,
    git,
    bus: connectMemoryBus(broker, { name: machine }),
    clock: systemClock,
    signal: stop.signal,
    report: (error) => failures.push(error),
    pace,
  });
  return { ledger, sync };
}

function create(uid: string): Draft {
  return { bead: uid, op: "create", values: { id: `alpha-${uid}`, fields: { title: uid } } };
}

function arrival(ledger: Ledger, uid: string): Promise<void> {
  if (ledger.world.bead(uid)) return Promise.resolve();
  return new Promise((resolve) => {
    const off = ledger.onChange(({ event }) => {
      if (event.bead !== uid) return;
      off();
      resolve();
    });
  });
}

test("over git alone, what one writes the other folds, both ways", async () => {
  // Two brokers: no bus between them.
  const a = await member("vm-a", createMemoryBroker());
  const town = await member("town", createMemoryBroker());
  await a.ledger.append("overseer", [create("one")]);
  await town.ledger.append("overseer", [create("two")]);
  const poll = setInterval(() => [a, town].map(({ sync }) => sync.fetchSoon()), 20);
  await Promise.all([arrival(town.ledger, "one"), arrival(a.ledger, "two")]);
  clearInterval(poll);
  expect(failures).toEqual([]);
});

test("a second clone of a machine pushes to the same branch, and nothing is lost", async () => {
  const one = await member("vm-a", createMemoryBroker(), "first");
  const two = await member("vm-a", createMemoryBroker(), "second");
  await Promise.all([
    one.ledger.append("overseer", [create("one")]),
    two.ledger.append("overseer", [create("two")]),
  ]);
  await one.sync.flush(stop.signal);
  await two.sync.flush(stop.signal);
  one.sync.fetchSoon();
  two.sync.fetchSoon();
  await Promise.all([arrival(one.ledger, "two"), arrival(two.ledger, "one")]);
  const reader = await member("vm-b", createMemoryBroker());
  reader.sync.fetchSoon();
  await Promise.all([arrival(reader.ledger, "one"), arrival(reader.ledger, "two")]);
});

test("a disk restored from a snapshot takes nothing back that was pushed since", async () => {
  const before = await member("vm-a", createMemoryBroker());
  await before.ledger.append("overseer", [create("one")]);
  cpSync(join(root, "vm-a", "journal"), join(root, "snapshot"), { recursive: true });
  await before.ledger.append("overseer", [create("two")]);
  await before.sync.flush(stop.signal);
  rmSync(join(root, "vm-a"), { recursive: true });
  cpSync(join(root, "snapshot"), join(root, "vm-a", "journal"), { recursive: true });

  const restored = await member("vm-a", createMemoryBroker());
  await restored.ledger.append("overseer", [create("three")]);
  await restored.sync.flush(stop.signal);
  const reader = await member("vm-b", createMemoryBroker());
  reader.sync.fetchSoon();
  await Promise.all(["one", "three"].map((uid) => arrival(reader.ledger, uid)));
  expect(reader.ledger.world.bead("two")?.title).toBe("two");
});

test("who starts knows all that the remote has before it decides anything", async () => {
  const before = await member("vm-a", createMemoryBroker());
  await before.ledger.append("overseer", [create("one")]);
  await before.sync.flush(stop.signal);
  const after = await member("vm-b", createMemoryBroker());
  await after.sync.caughtUp;
  expect(after.ledger.world.bead("one")).toBeDefined();
  rmSync(join(root, "remote.git"), { recursive: true });
  const alone = await member("vm-c", createMemoryBroker());
  await alone.sync.caughtUp;
});

test("a head beyond a lost message makes the peer ask git", async () => {
  const a = await member("vm-a", createMemoryBroker());
  const b = await member("vm-b", createMemoryBroker());
  await a.ledger.append("overseer", [create("lost")]);
  await a.sync.flush(stop.signal);
  const head = a.ledger.heads().get(a.ledger.writer);
  if (!head) throw new Error("no head");
  b.sync.heard(a.ledger.writer, head);
  await arrival(b.ledger, "lost");
});

test("events go on over the bus while the remote is away, and to git when it is back", async () => {
  const broker = createMemoryBroker();
  const [a, b] = [await member("vm-a", broker), await member("vm-b", broker)];
  const remote = join(root, "remote.git");
  execFileSync("mv", [remote, `${remote}.away`]);
  await a.ledger.append("overseer", [create("away")]);
  await arrival(b.ledger, "away");
  await expect(a.sync.flush(stop.signal)).rejects.toThrow("git");
  execFileSync("mv", [`${remote}.away`, remote]);
  expect(a.sync.remoteUp()).toBe(false);
  await a.sync.flush(stop.signal);
  const late = await member("vm-c", createMemoryBroker());
  late.sync.fetchSoon();
  await arrival(late.ledger, "away");
});

test("a ledger that moved to another remote is found there, with all that it had", async () => {
  const first = await member("vm-a", createMemoryBroker());
  await first.ledger.append("overseer", [create("before")]);
  await first.sync.flush(stop.signal);
  const moved = join(root, "moved.git");
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", moved]);
  const git = openLedgerGit({
    dir: join(root, "vm-a", "ledger.git"),
    remote: moved,
    branch: "machines/vm-a",
    machine: "vm-a",
  });
  await git.fetch(stop.signal);
  const { segments, segmentBytes: bytes } = first.ledger;
  await git.push({ segments, bytes, message: "m" }, stop.signal);
  const tree = ["ls-tree", "-r", "--name-only", "machines/vm-a"];
  const names = execFileSync("git", tree, { cwd: moved, encoding: "utf8" });
  expect(names).toContain(first.ledger.writer);
});

test("what a look brought is folded in turns, and noted as seen when all of it is", async () => {
  const writer = await openLedger({ dir: "/j", machine: "vm-b", disk: new MemoryDisk(), nowMs });
  const events = await writer.append("ann", ["one", "two", "three"].map(create));
  const segments = events.map(({ line }, n) => ({ lines: [line], source: `s${n}.jsonl` }));
  const places = { disk: new MemoryDisk(), store: join(root, "checkpoint.db") };
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", nowMs, ...places });
  let asked = 0;
  const git: LedgerGit = {
    dir: root,
    fetch: async () => ({ lines: asked++ === 0 ? segments : [], rewound: [] }),
    push: async () => false,
    seen: () => new Map([["machines/vm-b", "abc"]]),
  };
  const told: string[] = [];
  ledger.onChange(({ event }) => {
    setImmediate(() => told.push(`turn after ${event.bead}`));
    told.push(event.bead);
    if (event.bead === "two" && asked === 1) throw new Error("a listener that fails");
  });
  const seen = () => [...JSON.parse(ledger.noted("seen") ?? "[]")];
  const bus = connectMemoryBus(createMemoryBroker(), { name: "vm-a" });
  const parts = { town: "t", ledger, git, bus, clock: systemClock, signal: stop.signal, pace };
  const sync = await runSync({ ...parts, report: () => {} });
  await sync.caughtUp;
  expect([asked, seen(), ledger.world.size()]).toEqual([1, [], 2]);
  await sync.fetch();
  expect(seen()).toEqual([["machines/vm-b", "abc"]]);
  expect(ledger.world.size()).toBe(3);
  expect(told.slice(0, 3)).toEqual(["one", "turn after one", "two"]);
});

test("of an altered segment what was pushed stays, and what is here comes too", async () => {
  const before = await member("vm-a", createMemoryBroker());
  await before.ledger.append("overseer", [create("one"), create("two")]);
  await before.sync.flush(stop.signal);
  const name = `${before.ledger.writer}/000001.jsonl`;
  const path = join(root, "vm-a", "journal", name);
  const pushed = readFileSync(path, "utf8");
  // Longer than it was, and with one more event that was not pushed.
  const [first = "", second = ""] = pushed.split("\n");
  const edited = first.replace('"title":"one"', '"title":"another"');
  const third = encodeEvent({ ...decodeEvent(second), seq: 3, prev: hashLine(second) }).line;
  writeFileSync(path, `${edited}\n${second}\n${third}\n`);
  const show = () => {
    const place = `machines/vm-a:.beads/events/vm-a/${name}`;
    const remote = join(root, "remote.git");
    return execFileSync("git", ["show", place], { cwd: remote, encoding: "utf8" });
  };
  const whole = `${pushed}${edited}\n${third}\n`;
  const after = await member("vm-a", createMemoryBroker());
  await after.sync.flush(stop.signal);
  expect(show()).toBe(whole);
  await after.ledger.append("overseer", [create("three")]);
  await after.sync.flush(stop.signal);
  expect(show()).toBe(whole);
  const told = () => after.ledger.alarms().filter(({ kind }) => kind === "altered");
  const stay = "the pushed lines stay; see gt ledger verify";
  const detail = `${name} differs from what was pushed: ${stay}`;
  expect(told()).toEqual([{ kind: "altered", detail }]);
  // Shorter than what was pushed, and not its beginning; nobody could read its second line.
  writeFileSync(path, `${first.replace('"title":"one"', '"title":"o"')}\n${second.slice(0, 9)}\n`);
  const last = await member("vm-a", createMemoryBroker());
  await last.sync.flush(stop.signal);
  expect(show()).toMatch(/"title":"o"[^\n]*\n$/);
  expect(show().startsWith(whole)).toBe(true);
});
