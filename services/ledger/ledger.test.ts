import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import type { Draft } from "./event.ts";
import { type Ledger, openLedger } from "./ledger.ts";

const dir = "/journal";

function open(disk: MemoryDisk, machine = "vm-a", nowMs = () => 1_000): Promise<Ledger> {
  return openLedger({ dir, machine, disk, nowMs });
}

function create(bead: string, id = `alpha-${bead}`): Draft {
  return { bead, op: "create", values: { id, fields: { title: `Bead ${bead}` } } };
}

function lines(ledger: Ledger, events: readonly { line: string }[], source = ledger.writer) {
  return [events.map(({ line }) => line), source] as const;
}

test("an acknowledged event survives a crash that forgets what was not synced", async () => {
  const disk = new MemoryDisk();
  const before = await open(disk);
  await before.append("overseer", [create("a")]);
  void before.append("overseer", [create("b")]);
  disk.crash();
  const after = await open(disk);
  expect(after.world.bead("alpha-a")?.title).toBe("Bead a");
  expect(after.writer).not.toBe(before.writer);
});

test("a torn last line is cut off and reported, and the line before it stays", async () => {
  const disk = new MemoryDisk();
  const before = await open(disk);
  await before.append("overseer", [create("a")]);
  const segment = before.segments()[0];
  if (!segment) throw new Error("no segment");
  const path = `${dir}/${segment.incarnation}/${segment.name}`;
  disk.write(path, Buffer.concat([await disk.read(path), Buffer.from('{"v":1,"wri')]));
  const after = await open(disk);
  expect(after.world.bead("alpha-a")).toBeDefined();
  expect(after.alarms()).toEqual([
    { kind: "torn-tail", detail: `${path}: cut off a torn line of 11 bytes` },
  ]);
});

test("a bad line stops its writer's fold, is named, and the rest goes on", async () => {
  const [disk, other] = [new MemoryDisk(), new MemoryDisk()];
  const [ledger, peer] = [await open(disk), await open(other, "vm-b")];
  const events = await peer.append("overseer", [create("a"), create("b")]);
  const bad = events[0]?.line.replace('"create"', '"create" "') ?? "";
  ledger.receive([bad], "vm-b/000001.jsonl:1");
  ledger.receive(...lines(peer, events.slice(1)));
  await ledger.append("overseer", [create("c")]);
  expect(ledger.world.bead("alpha-b")).toBeUndefined();
  expect(ledger.world.bead("alpha-c")).toBeDefined();
  expect(ledger.alarms()[0]?.detail).toContain("vm-b/000001.jsonl:1: not JSON");
});

test("early events wait for the missing one, and a second copy changes nothing", async () => {
  const [ledger, peer] = [await open(new MemoryDisk()), await open(new MemoryDisk(), "vm-b")];
  const events = await peer.append("overseer", [create("a"), create("b"), create("c")]);
  const told: string[] = [];
  ledger.onChange(({ event }) => told.push(event.bead));
  ledger.receive(...lines(peer, events.slice(1)));
  expect(ledger.gaps()).toEqual([peer.writer]);
  expect(told).toEqual([]);
  ledger.receive(...lines(peer, events));
  expect(ledger.gaps()).toEqual([]);
  expect(told).toEqual(["a", "b", "c"]);
});

test("two events under one number are both folded and raised as an alarm", async () => {
  const ledger = await open(new MemoryDisk());
  const random = () => "cloned00";
  const twins = await Promise.all(
    ["a", "b"].map(async (bead) => {
      const disk = new MemoryDisk();
      const twin = await openLedger({ dir, machine: "vm-b", disk, nowMs: () => 5, random });
      return twin.append("overseer", [create(bead)]);
    }),
  );
  for (const events of twins) ledger.receive([events[0]?.line ?? ""], "vm-b");
  expect(ledger.world.bead("alpha-a")).toBeDefined();
  expect(ledger.world.bead("alpha-b")).toBeDefined();
  expect(ledger.alarms().map(({ kind }) => kind)).toEqual(["fork"]);
});

test("a failed sync fails the append and every one after it", async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  disk.failSync = new Error("EIO");
  await expect(ledger.append("overseer", [create("a")])).rejects.toThrow("EIO");
  disk.failSync = undefined;
  await expect(ledger.append("overseer", [create("b")])).rejects.toThrow("EIO");
});

test("segments stay under 64 KB, and one long line gets one of its own", async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  const long = "x".repeat(100_000);
  await ledger.append("overseer", [create("a")]);
  await ledger.append("overseer", [
    { bead: "a", op: "set", values: { fields: { description: long } } },
  ]);
  await Promise.all(
    Array.from({ length: 2_000 }, (_, index) => ledger.append("overseer", [create(`n${index}`)])),
  );
  const sizes = ledger.segments().map(({ durableBytes }) => durableBytes);
  expect(sizes.filter((bytes) => bytes > 64 * 1024)).toHaveLength(1);
  expect(sizes.length).toBeGreaterThan(3);
  const after = await open(disk);
  expect(after.world.size()).toBe(2_001);
});

test("two creations of one id: the earlier keeps it, the later is renamed", async () => {
  const early = await open(new MemoryDisk(), "vm-a", () => 1_000);
  const late = await open(new MemoryDisk(), "vm-b", () => 2_000);
  const first = await early.append("overseer", [create("uidfirst", "alpha-x")]);
  const second = await late.append("overseer", [create("uidlater", "alpha-x")]);
  early.receive(...lines(late, second));
  late.receive(...lines(early, first));
  for (const { world } of [early, late]) {
    expect(world.bead("alpha-x")?.uid).toBe("uidfirst");
    expect(world.bead("uidlater")?.id).toBe("alpha-x~uidl");
    expect(world.bead("alpha-x~uidl")?.uid).toBe("uidlater");
  }
});

test("a step counts under the highest claim or its cursor, and else is late", async () => {
  const ledger = await open(new MemoryDisk());
  const fields = { title: "Step", "gt.work": "w", issue_type: "task" };
  const close = (bead: string, epoch: string): Draft => ({
    bead,
    op: "close",
    epoch,
    values: { close: `step:${epoch}`, kind: "done", reason: "" },
  });
  const claim = (epoch: string, steps: Record<string, string> = {}): Draft => ({
    bead: "w",
    op: "claim",
    epoch,
    values: { machine: "vm-a", polecat: "nux", cursor: { steps, commit: "" } },
  });
  await ledger.append("overseer", [
    create("w"),
    { bead: "s1", op: "create", values: { id: "alpha-w.mol.s1", fields } },
    { bead: "s2", op: "create", values: { id: "alpha-w.mol.s2", fields } },
    claim("1.1"),
    close("s1", "1.1.0"),
    close("s2", "1.1.0"),
  ]);
  const status = (id: string) => ledger.world.bead(id)?.status;
  expect([status("s1"), status("s2")]).toEqual(["closed", "closed"]);
  await ledger.append("overseer", [claim("2.2", { s1: "abc" })]);
  expect([status("s1"), status("s2")]).toEqual(["closed", "open"]);
  expect(ledger.world.bead("s2")?.late).toBe(true);
  await ledger.append("overseer", [close("s2", "2.2.0")]);
  expect(status("s2")).toBe("closed");
});

test("a reopen undoes the closes that it names, and a concurrent one stands", async () => {
  const ledger = await open(new MemoryDisk());
  const close = (id: string): Draft => ({
    bead: "a",
    op: "close",
    values: { close: id, kind: "done", reason: id },
  });
  await ledger.append("overseer", [create("a"), close("one")]);
  const reopen: Draft = { bead: "a", op: "reopen", values: { closes: ["one"], reason: "" } };
  await ledger.append("overseer", [reopen]);
  expect(ledger.world.bead("a")?.status).toBe("open");
  await ledger.append("overseer", [close("two")]);
  expect(ledger.world.bead("a")?.closeReason).toBe("two");
});

test("a clock that is ahead for long hides no other alarm", async () => {
  const ahead = await open(new MemoryDisk(), "vm-b", () => 1_000_000);
  const drafts = Array.from({ length: 1_100 }, (_, n) => create(`b${n}`));
  const events = await ahead.append("overseer", drafts);
  const ledger = await open(new MemoryDisk());
  ledger.receive(...lines(ledger, events, "bus"));
  ledger.receive(['{"v":1,"writer":"vm-c.aaaa","seq":1}'], "bus");
  expect(ledger.alarms().map(({ kind }) => kind)).toContain("bad-line");
});

test.for<{ what: string; actor?: string; draft: Draft }>([
  { what: "a name too long", draft: create("b", "b".repeat(201)) },
  { what: "no bead", draft: create("", "alpha-b") },
  { what: "no actor", actor: "", draft: create("b") },
  { what: "no epoch", draft: { ...create("b"), epoch: "the first" } },
])("a draft with $what is refused with all beside it, and what follows stays", async (bad) => {
  const disk = new MemoryDisk();
  const before = await open(disk);
  const refused = before.append(bad.actor ?? "ann", [create("a"), bad.draft]);
  await expect(refused).rejects.toMatchObject({ reason: "invalid" });
  await before.append("ann", [create("c")]);
  const ids = ({ world }: Ledger) => [...world.all()].map(({ id }) => id);
  expect(ids(before)).toEqual(["alpha-c"]);
  await before.close();
  const after = await open(disk);
  expect([ids(after), after.gaps(), after.alarms()]).toEqual([["alpha-c"], [], []]);
});
