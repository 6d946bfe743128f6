import { execFileSync } from "node:child_process";
import { chmodSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { runGit } from "#services/git/run-git.ts";
import { createBead } from "#services/ledger/drafts.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { loadMaxBytes } from "#services/ledger/outgoing.ts";
import { type Member, type ScratchHub, scratchHub } from "./scratch-hub.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

const bead = (uid: string, description = "") =>
  createBead({ uid, id: `hq-${uid}`, title: uid, fields: { description } });

/** Let the remote do something once it has taken a push, before it answers; once. */
function onceReceived(scratch: ScratchHub, command: string): void {
  const hook = join(scratch.remote, "hooks", "post-receive");
  writeFileSync(hook, `#!/bin/sh\nrm "$0"\n${command}\n`);
  chmodSync(hook, 0o755);
}

async function rounds(members: readonly Member[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    for (const member of members) await member.push().catch(() => {});
    for (const member of members) await member.fetch();
  }
}

/** Everybody has the same, down to the byte, and so has a fresh clone of the remote. */
async function expectSame(scratch: ScratchHub, members: readonly Member[]): Promise<void> {
  const fresh = await scratch.machine("reader", "fresh-reader");
  await fresh.fetch();
  const views = members.map((member) => member.view());
  expect(new Set([...views, fresh.view()]).size).toBe(1);
  for (const { ledger } of [fresh, ...members]) expect(ledger.gaps()).toEqual([]);
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

test.for([
  { what: "the remote dies before it answers", command: "kill -9 $PPID" },
  { what: "the remote takes longer to answer than we wait", command: "mkfifo f; cat f" },
])("$what: the push is there once, and the next ones go on", async ({ command }) => {
  await using scratch = await scratchHub({ timeoutMs: 3_000 });
  scratch.broker.cut();
  const town = await scratch.town();
  const a = await scratch.machine("vm-a");
  for (const [index, member] of [a, town].entries()) {
    await member.ledger.append("ann", [bead(`early${index}`)]);
    await member.push();
    onceReceived(scratch, command);
    await member.ledger.append("ann", [bead(`lost${index}`)]);
    await member.push().catch(() => {});
    await member.ledger.append("ann", [bead(`late${index}`)]);
    await member.push();
  }
  await rounds([a, town]);
  expect(town.hub?.term.standing()).toMatchObject({ kind: "chain", term: 1 });
  for (const { ledger } of [a, town]) {
    expect(ledger.world.size()).toBe(6);
    expect(ledger.alarms()).toEqual([]);
  }
  const path = `.beads/events/vm-a/${a.ledger.writer}/000001.jsonl`;
  const held = await runGit(["show", `main:${path}`], { cwd: scratch.remote });
  expect(held.stdout.trim().split("\n")).toHaveLength(3);
  await expectSame(scratch, [a, town]);
});

test("with the remote away for long one goes on, and then pushes in loads that fit", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const a = await scratch.machine("vm-a");
  renameSync(scratch.remote, `${scratch.remote}.away`);
  const text = "x".repeat(10_000);
  const count = Math.ceil((1.5 * loadMaxBytes) / text.length);
  for (let from = 0; from < count; from += 100) {
    const batch = Array.from({ length: 100 }, (_, n) => bead(`b${from + n}`, text));
    await a.ledger.append("ann", batch);
  }
  renameSync(`${scratch.remote}.away`, scratch.remote);
  await a.push();
  const loads = await scratch.person("rev-list", "--count", "origin/machines/vm-a");
  expect(Number(loads)).toBeGreaterThan(1);
  await expectSame(scratch, [a]);
});

test("what git finds in the environment does not lead it into another repository", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const stranger = join(scratch.dir, "stranger");
  execFileSync("git", ["init", "-q", "-b", "main", stranger]);
  const look = () => execFileSync("find", [stranger, "-printf", "%p %T@ %s\\n"]).toString();
  const before = look();
  vi.stubEnv("GIT_DIR", join(stranger, ".git"));
  vi.stubEnv("GIT_INDEX_FILE", join(stranger, ".git", "index"));
  vi.stubEnv("GIT_WORK_TREE", stranger);
  vi.stubEnv("GIT_OBJECT_DIRECTORY", join(stranger, ".git", "objects"));
  try {
    const town = await scratch.town();
    const a = await scratch.machine("vm-a");
    await a.ledger.append("ann", [bead("a1")]);
    await rounds([a, town]);
    await expectSame(scratch, [a, town]);
  } finally {
    vi.unstubAllEnvs();
  }
  expect(look()).toBe(before);
});

test("what the bus lost git brings, and the other way round", async () => {
  await using scratch = await scratchHub();
  const town = await scratch.town();
  const a = await scratch.machine("vm-a");
  const b = await scratch.machine("vm-b");
  // The bus loses an event and shows the next one: the gap makes git be asked.
  scratch.broker.cut("vm-b");
  await a.ledger.append("ann", [bead("lost")]);
  await a.push();
  scratch.broker.wipe();
  scratch.broker.heal("vm-b");
  await a.ledger.append("ann", [bead("next")]);
  await Promise.all([arrival(b.ledger, "lost"), arrival(b.ledger, "next")]);

  // The last one is lost: a head that somebody tells of is enough.
  scratch.broker.cut("vm-b");
  await a.ledger.append("ann", [bead("last")]);
  await a.push();
  scratch.broker.wipe();
  const head = a.ledger.heads().get(a.ledger.writer);
  if (head) b.sync.heard(a.ledger.writer, head);
  await arrival(b.ledger, "last");
  scratch.broker.heal("vm-b");

  // Git is away: the bus brings it.
  renameSync(scratch.remote, `${scratch.remote}.away`);
  await b.ledger.append("ann", [bead("by-bus")]);
  await Promise.all([arrival(a.ledger, "by-bus"), arrival(town.ledger, "by-bus")]);
  renameSync(`${scratch.remote}.away`, scratch.remote);
  await rounds([a, b, town]);
  await expectSame(scratch, [a, b, town]);
});

test("a wiped JetStream loses nothing, whoever had read how much of it", async () => {
  await using scratch = await scratchHub();
  const town = await scratch.town();
  const a = await scratch.machine("vm-a");
  const b = await scratch.machine("vm-b");
  for (let round = 0; round < 5; round += 1) {
    scratch.broker.cut(["vm-a", "vm-b", "town"][round % 3]);
    await Promise.all(
      [a, b, town].map(({ ledger }, index) => ledger.append("ann", [bead(`r${round}-${index}`)])),
    );
    scratch.broker.wipe();
    scratch.broker.heal(["vm-a", "vm-b", "town"][round % 3]);
  }
  await rounds([a, b, town]);
  expect(town.ledger.world.size()).toBe(15);
  await expectSame(scratch, [a, b, town]);
});

test("a gap that what is new does not close is closed by what is old", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const town = await scratch.town();
  const b = await scratch.machine("vm-b");
  const a = await scratch.machine("vm-a");
  await rounds([town, b]);
  const [, second] = await a.ledger.append("ann", [bead("one"), bead("two")]);
  await a.push();
  await a.stop();
  await town.fetch();
  await town.push();
  // Collected: main alone has the events now, and those who follow it read the town's there.
  await runGit(["update-ref", "-d", "refs/heads/machines/vm-a"], { cwd: scratch.remote });
  await b.fetch();
  expect(b.ledger.world.bead("two")).toBeUndefined();
  b.ledger.receive([second?.line ?? ""], "the bus");
  expect(b.ledger.gaps()).toEqual([a.ledger.writer]);
  await b.fetch();
  await b.fetch();
  expect(b.ledger.gaps()).toEqual([]);
  expect(b.view()).toBe(town.view());
});

test("two processes of one name push side by side, and none takes from the other", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const pair = [await scratch.machine("vm-a", "one"), await scratch.machine("vm-a", "two")];
  await Promise.all(
    Array.from({ length: 10 }, async (_, n) => {
      const member = pair[n % 2];
      await member?.ledger.append("ann", [bead(`b${n}`)]);
      await member?.push();
    }),
  );
  await rounds(pair);
  expect(pair[0]?.ledger.world.size()).toBe(10);
  await expectSame(scratch, pair);
});
