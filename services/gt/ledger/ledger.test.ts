import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { runInMemory, type Told } from "../terminal-memory.ts";
import { bead, rowsOf, scratchFolder } from "./scratch-folder.ts";

let home: string;
const segment = () => join(home, "journal", "vm-a.life0001", "000001.jsonl");

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "gt-ledger-"));
  const place = { dir: join(home, "journal"), machine: "vm-a", disk: nodeDisk };
  const ledger = await openLedger({ ...place, nowMs: () => 1_000, random: () => "life0001" });
  await ledger.append("overseer", [
    { bead: "a", op: "create", values: { id: "alpha-a", fields: { title: "First" } } },
    { bead: "b", op: "create", values: { id: "alpha-b", fields: { title: "Second" } } },
    { bead: "a", op: "close", values: { close: "1", kind: "done", reason: "done" } },
  ]);
  await ledger.close();
});
afterAll(() => rm(home, { recursive: true }));

/** `gt ledger …`, with no town anywhere. */
function gt(...args: string[]): Promise<Told> {
  return runInMemory(["ledger", ...args], { env: {}, cwd: home, nowMs: () => 1_000 });
}

test("a folder is verified, and a changed line is named and ends with 1", async () => {
  const sound = await gt("verify", "--dir", home);
  const figures = "events: 3, writers: 1, segments: 1; ";
  expect(sound).toEqual({ exitCode: 0, out: `${figures}all as they were written\n`, err: "" });
  const text = await readFile(segment(), "utf8");
  await writeFile(segment(), text.replace("Second", "Changed"));
  const changed = await gt("verify", "--json");
  await writeFile(segment(), text);
  expect(changed.exitCode).toBe(1);
  expect(JSON.parse(changed.out).findings).toMatchObject([{ file: segment(), line: 3 }]);
});

test("beads are exported a line each", async () => {
  const { out } = await gt("export", "--json");
  const rows = out.trim().split("\n");
  expect(rows.map((row) => JSON.parse(row).title)).toEqual(["First", "Second"]);
});

test("the state at an event is shown, in words and in JSON", async () => {
  const { out } = await gt("replay", "--at", "vm-a.life0001:1");
  expect(out).toMatch(/^ID +STATUS +TYPE +TITLE\nalpha-a +open +task +First\n$/);
  const later = await gt("replay", "--at", "2030-01-01", "--json");
  expect(JSON.parse(later.out.split("\n")[0] ?? "").status).toBe("closed");
  const never = await gt("replay", "--at", "sometime");
  expect(never).toMatchObject({ exitCode: 2, out: "" });
  expect(never.err).toContain("not a position");
  const before = await gt("replay", "--at", "1969-01-01T00:00:00Z");
  expect(before).toMatchObject({ exitCode: 0, out: "no beads at 1969-01-01T00:00:00Z\n" });
});

test("figures are told, and a folder without a ledger is refused", async () => {
  const { out } = await gt("stats", "--json");
  const statuses = { closed: 1, open: 1 };
  expect(JSON.parse(out)).toMatchObject({ events: 3, writers: 1, beads: 2, statuses });
  expect((await gt("stats")).out).toContain("beads: 2 (closed 1, open 1)\ntiers: active 2\n");
  expect((await gt("stats")).out).toMatch(/^ {2}vm-a\.life0001 {2}3$/m);
  const none = await gt("stats", "--dir", tmpdir());
  expect(none).toMatchObject({ exitCode: 1, out: "" });
  expect(none.err).toContain("no ledger in");
});

test("without a folder the town's home on this host is read, and named on the side", async () => {
  const { gtAt, root, beads } = await scratchFolder(onTestFinished);
  const town = join(root, ".gastown", "town");
  await gtAt({}, "init", "--dir", join(town, "town"), "--machine", "laptop");
  await gtAt({}, "import", "--dir", join(town, "town"), await beads("one.jsonl", [bead("hq-1")]));
  const file = { version: 1, town: "t", address: "127.0.0.1:1", sockets: {} };
  await writeFile(join(town, "town.json"), JSON.stringify(file));
  const cwd = join(root, "somewhere");
  await mkdir(cwd);
  const ended = { pids: { town: { pid: 1, startTime: "another life" } } };
  for (const text of [JSON.stringify(file), JSON.stringify({ ...file, ...ended })]) {
    await writeFile(join(town, "town.json"), text);
    const read = await gtAt({ cwd }, "export");
    expect(read).toMatchObject({ exitCode: 0, err: `gt: reading ${town}\n` });
    expect(rowsOf(read.out)).toMatchObject([{ id: "hq-1" }]);
  }
  for (const call of ["verify", "stats", "replay --at 2030-01-01"]) {
    const told = await gtAt({ cwd: tmpdir() }, ...call.split(" "), "--home", town);
    expect(told).toMatchObject({ exitCode: 0, err: `gt: reading ${town}\n` });
  }
  const other = await gtAt({ cwd }, "stats", "--town", "10.0.0.9:7420");
  expect(other.err).toContain("the town at 10.0.0.9:7420 has no home on this host");
  // A ledger that one stands in comes before the town.
  expect((await gtAt({ cwd: join(town, "town") }, "stats")).err).toBe("");
});

test("where there is neither folder nor town, what to do is said", async () => {
  const { gtAt, root } = await scratchFolder(onTestFinished);
  const none = await gtAt({ cwd: root }, "verify");
  expect(none).toMatchObject({ exitCode: 1, out: "" });
  expect(none.err).toContain(`no ledger in ${root}, and no town is known on this host`);
  expect(none.err).toContain("name a folder with --dir, or make one: gt ledger init");
});
