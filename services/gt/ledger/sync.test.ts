import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { served, serveRpc } from "#services/rpc/server.ts";
import { bead, rowsOf, type ScratchFolder, scratchFolder } from "./scratch-folder.ts";

/** Two folders of one remote, each with a bead of its own. */
async function pair(): Promise<ScratchFolder & { readonly remotePath: string }> {
  const scratch = await scratchFolder(onTestFinished);
  const { gt, beads, remote } = scratch;
  const remotePath = remote();
  for (const name of ["one", "two"]) {
    await gt("init", "--dir", name, "--machine", name, "--remote", remotePath);
    const rows = await beads(`${name}.jsonl`, [bead(`${name}-1`), bead(`${name}-2`)]);
    await gt("import", "--dir", name, rows);
  }
  return { ...scratch, remotePath };
}

const json = (out: string) => JSON.parse(out);

test("two folders agree byte for byte once each has synced after the other", async () => {
  const { gt, root, remotePath } = await pair();
  const first = await gt("sync", "--dir", "one");
  const out = `${remotePath} answered\nreceived 0\npushed 2\n`;
  expect(first).toEqual({ exitCode: 0, out, err: "" });
  const second = json((await gt("sync", "--dir", "two", "--json")).out);
  expect(second).toMatchObject({ answered: true, pushed: 2, waiting: 0, gaps: [], alarms: [] });
  expect(second.received).toEqual([{ writer: expect.stringMatching(/^one\./), events: 2 }]);
  const third = json((await gt("sync", "--dir", "one", "--json")).out);
  expect(third).toMatchObject({ received: [{ events: 2 }], pushed: 0 });
  const exported = (await gt("export", "--dir", "one")).out;
  expect(rowsOf(exported).map(({ id }) => id)).toEqual(["one-1", "one-2", "two-1", "two-2"]);
  expect((await gt("export", "--dir", "two")).out).toBe(exported);
  const fourth = json((await gt("sync", "--dir", "one", "--json")).out);
  expect(fourth).toMatchObject({ received: [], pushed: 0 });
  const known = await gt("import", "--dir", "one", join(root, "two.jsonl"), "--json");
  expect(json(known.out)).toMatchObject({ unchanged: 2, created: 0 });
  // What the other wrote is kept beside the journal, and is there without the remote.
  rmSync(remotePath, { recursive: true });
  expect((await gt("export", "--dir", "one")).out).toBe(exported);
  expect((await gt("export", "--dir", join(root, "one", "ledger.git"))).out).toBe(exported);
  const verified = json((await gt("verify", "--dir", "one", "--json")).out);
  expect(verified).toMatchObject({ writers: 2, events: 4, segments: 2, findings: [] });
  const again = json((await gt("sync", "--dir", "two", "--json")).out);
  expect(again).toMatchObject({ answered: false, received: [], pushed: 0 });
});

test("a clone with a work tree is read, and written by nobody", async () => {
  const { gt, root, remotePath } = await pair();
  await gt("sync", "--dir", "one");
  const clone = join(root, "clone");
  execFileSync("git", ["clone", "-q", "-b", "machines/one", remotePath, clone]);
  const replayed = await gt("replay", "--dir", clone, "--at", "2030-01-01", "--json");
  expect(rowsOf(replayed.out).map(({ id }) => id)).toEqual(["one-1", "one-2"]);
  for (const args of [["sync"], ["import", join(root, "one.jsonl")]]) {
    const told = await gt(...args, "--dir", clone);
    expect(told.err).toContain("it is no writer's own folder: make one with gt ledger init");
  }
});

test("what one changes the other sees changed", async () => {
  const { gt, beads } = await pair();
  await gt("sync", "--dir", "one");
  await gt("sync", "--dir", "two");
  const at = "2026-02-01T10:00:00Z";
  const newer = await beads("newer.jsonl", [bead("one-1", { title: "New", updated_at: at })]);
  const changed = await gt("import", "--dir", "two", newer, "--json");
  expect(json(changed.out)).toMatchObject({ changed: 1 });
  await gt("sync", "--dir", "two");
  await gt("sync", "--dir", "one");
  const { out } = await gt("export", "--dir", "one");
  expect(rowsOf(out)[0]).toMatchObject({ id: "one-1", title: "New" });
  expect((await gt("export", "--dir", "two")).out).toBe(out);
});

test("replay goes up to an event that only the clone has", async () => {
  const { gt } = await pair();
  await gt("sync", "--dir", "one");
  const { received } = json((await gt("sync", "--dir", "two", "--json")).out);
  const at = `${received[0].writer}:1`;
  const { out } = await gt("replay", "--dir", "two", "--at", at, "--json");
  expect(rowsOf(out).map(({ id }) => id)).toEqual(["one-1"]);
});

test("a remote that is away costs nothing, and what waits goes when it is back", async () => {
  const { gt, remotePath } = await pair();
  renameSync(remotePath, `${remotePath}.away`);
  const before = (await gt("export", "--dir", "one")).out;
  const away = await gt("sync", "--dir", "one", "--json");
  expect(away.exitCode).toBe(3);
  expect(json(away.out)).toMatchObject({ answered: false, pushed: 0, waiting: 2 });
  expect(json(away.out).failure.message).toContain("git fetch");
  expect((await gt("export", "--dir", "one")).out).toBe(before);
  renameSync(`${remotePath}.away`, remotePath);
  expect((await gt("sync", "--dir", "one")).out).toContain("pushed 2");
  renameSync(remotePath, `${remotePath}.away`);
  const again = await gt("sync", "--dir", "one");
  expect(again).toMatchObject({ exitCode: 3 });
  expect(again.out).toContain("does not answer");
  expect(again.out).toContain("pushed 0\n");
});

test("a folder without a remote is told how to name one", async () => {
  const { gt } = await scratchFolder(onTestFinished);
  await gt("init", "--machine", "laptop");
  const told = await gt("sync");
  expect(told).toMatchObject({ exitCode: 1, out: "" });
  expect(told.err).toContain("has no remote to sync with: name it: gt ledger init --dir");
});

test("locks that a killed git left in the clone hold nobody up", async () => {
  const { gt, root } = await pair();
  await gt("sync", "--dir", "one");
  await gt("sync", "--dir", "two");
  const clone = join(root, "one", "ledger.git");
  const locks = ["index.lock", "packed-refs.lock", "refs/remotes/origin/machines/two.lock"];
  mkdirSync(join(clone, "refs/remotes/origin/machines"), { recursive: true });
  for (const lock of locks) writeFileSync(join(clone, lock), "");
  expect((await gt("verify", "--dir", "one")).exitCode).toBe(0);
  expect((await gt("sync", "--dir", "one")).out).toContain("received 2\n");
  expect(locks.filter((lock) => existsSync(join(clone, lock)))).toEqual([]);
});

test("a remote that lost what it had is told of loudly, and gets it back", async () => {
  const { gt, root, remotePath, remote } = await pair();
  cpSync(remotePath, join(root, "backup.git"), { recursive: true });
  await gt("sync", "--dir", "one");
  rmSync(remotePath, { recursive: true });
  renameSync(join(root, "backup.git"), remotePath);
  const told = await gt("sync", "--dir", "one");
  expect(told.out).toContain("alarm: rewound-remote: machines/one lacks what it had");
  expect(told.out).toContain("pushed 2");
  remote("other.git");
  expect((await gt("sync", "--dir", "two")).out).toContain("received 2\n");
});

test("a stopped town's home syncs beside main, which moves under its term alone", async () => {
  const { gt, root, beads, remotePath } = await pair();
  mkdirSync(join(root, "home", "town", "journal", "town.life0001"), { recursive: true });
  const file = { version: 1, town: "t", address: "", sockets: {}, ledgerRemote: remotePath };
  writeFileSync(join(root, "home", "town.json"), JSON.stringify(file));
  await gt("import", "--dir", "home", await beads("hq.jsonl", [bead("hq-1")]));
  expect((await gt("sync", "--dir", "home")).out).toContain("pushed 1");
  const branches = execFileSync("git", ["branch", "--list"], { cwd: remotePath, encoding: "utf8" });
  expect(branches.trim()).toMatch(/^towns\/[a-z0-9]{8}$/);
  expect((await gt("sync", "--dir", "one")).out).toContain("received 1\n");
  expect((await gt("export", "--dir", "one")).out).toContain('"hq-1"');
  // What the town has put on main since is not pushed again.
  execFileSync("git", ["branch", "-m", branches.trim(), "main"], { cwd: remotePath });
  await gt("import", "--dir", "home", await beads("hq.jsonl", [bead("hq-2")]));
  expect((await gt("sync", "--dir", "home")).out).toContain("pushed 1\n");
});

test("of a segment that grew since, what is new is counted", async () => {
  const { gt, root } = await pair();
  const journal = join(root, "one", "journal");
  const segment = join(journal, readdirSync(journal)[0] ?? "", "000001.jsonl");
  const whole = readFileSync(segment, "utf8");
  writeFileSync(segment, whole.slice(0, whole.indexOf("\n") + 1));
  expect((await gt("sync", "--dir", "one")).out).toContain("pushed 1\n");
  writeFileSync(segment, whole);
  expect((await gt("sync", "--dir", "one")).out).toContain("pushed 1\n");
  expect((await gt("sync", "--dir", "two")).out).toContain("received 2\n");
});

test("without a folder the running town is asked to", async ({ onTestFinished }) => {
  const { gtAt } = await scratchFolder(onTestFinished);
  const answer = { failure: "", isAway: false };
  const server = await serveRpc({
    services: [
      served(TownService, {
        syncLedger: async () => ({
          endpoint: "town",
          received: [{ writer: "vm-a.life0001", events: 3 }],
          gaps: ["vm-b.life0001"],
          ...answer,
        }),
      }),
    ],
    listen: { address: "127.0.0.1:0" },
    authenticate: () => "overseer",
    onBug: () => {},
  });
  onTestFinished(() => server.drain(0));
  const env = { GT_TOWN: server.address };
  const told = await gtAt({ env }, "sync");
  const lines = "received 3\n  vm-a.life0001  3\ngap: earlier events of vm-b.life0001 are missing";
  expect(told).toMatchObject({ exitCode: 1, err: "" });
  expect(told.out).toContain("names each line. gap: sync where");
  expect(told.out).toContain(
    `town: the remote answered; all that was written here is there\n${lines}`,
  );
  Object.assign(answer, { failure: "git fetch: gone", isAway: true });
  const away = await gtAt({ env }, "sync", "--json");
  expect(away.exitCode).toBe(3);
  expect(json(away.out)).toMatchObject({ failure: "git fetch: gone", isAway: true });
});

test("a password in a remote's URL is kept for git, and shown to nobody", async () => {
  const { gt, root } = await scratchFolder(onTestFinished);
  await gt("init", "--machine", "laptop");
  const file = join(root, "ledger.json");
  const settings = json(readFileSync(file, "utf8"));
  const remote = "http://me:hunter2@127.0.0.1:1/ledger.git";
  writeFileSync(file, JSON.stringify({ ...settings, remote }));
  for (const args of [["sync"], ["sync", "--json"], ["init"], ["init", "--json"]]) {
    const told = await gt(...args);
    expect(told.out).toContain("http://***@127.0.0.1:1/ledger.git");
    expect(told.out + told.err).not.toContain("hunter2");
  }
});
