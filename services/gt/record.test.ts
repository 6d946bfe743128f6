import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { auditService } from "#services/api/audit/audit-service.ts";
import { type ScratchTown, scratchTown } from "#services/api/scratch-town.ts";
import { workService } from "#services/api/work/work-service.ts";
import { claimBead, closeBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { digestField, workField } from "#services/ledger/work-fields.ts";
import { served } from "#services/rpc/method.ts";
import { type RpcServer, serveRpc } from "#services/rpc/server.ts";
import { runInMemory, type Told } from "./terminal-memory.ts";

const nux = "rigs/alpha/polecats/nux";
let folder: string;
let town: ScratchTown;
let server: RpcServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gt-record-"));
  town = await scratchTown();
  server = await serveRpc({
    services: [served(AuditService, auditService(town)), served(WorkService, workService(town))],
    listen: { address: "127.0.0.1:0" },
    authenticate: () => "overseer",
    onBug: () => {},
  });
  await live();
});
afterAll(async () => {
  await server.drain(1_000);
  await rm(folder, { recursive: true });
});

/** An epic with one child that landed, one that is held, and one that waits. */
async function live(): Promise<void> {
  const child = (uid: string, title: string, to?: string) =>
    createBead({
      ...{ uid, id: `alpha-${uid}`, title },
      edges: [
        { to: "epic", type: "parent-child" },
        ...(to === undefined ? [] : [{ to, type: "blocks" }]),
      ],
    });
  await town.ledger.append("ann", [
    createBead({ uid: "epic", id: "hq-epic", title: "Greetings", issueType: "epic" }),
    child("a", "Greet, by name"),
    child("b", "Talk"),
    child("c", "Sing", "b"),
    setFields("a", { priority: 0, notes: "politely" }),
  ]);
  town.pass(60_000);
  await town.write(claimBead("a", "1.1", { machine: "vm-a", polecat: nux }));
  town.pass(90_000);
  const digest = {
    ...{ bead: "alpha-a", worker: nux, machine: "vm-a", epoch: "1.1", exit: "COMPLETED" },
    ...{ commit: "abcdef0123456789", startedAt: "2026-01-01T00:01:00Z", elapsedMs: 90_000 },
    ...{ endedAt: "2026-01-01T00:02:30Z", steps: [] },
  };
  await town.write(
    closeBead("a", { close: "m", kind: "merged", reason: "landed", epoch: "1.1.0" }),
    createBead({
      ...{ uid: "d", id: "alpha-a.digest", title: "d", issueType: "event" },
      fields: { [workField.name]: "a", [digestField.name]: digest },
    }),
    claimBead("b", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/slit" }),
  );
}

function gt(...args: string[]): Promise<Told> {
  return runInMemory(args, { env: { GT_TOWN: server.address }, cwd: folder, nowMs: town.nowMs });
}

test("history tells when, what, who, where, under which epoch, and what changed", async () => {
  const { out } = await gt("history", "alpha-a");
  expect(out.trimEnd().split("\n")).toEqual([
    "2026-01-01T00:00:00Z  created  ann   town",
    "    id: alpha-a",
    "    title: Greet, by name",
    "    status: open",
    "    issue_type: task",
    "    priority: 2",
    "    + parent-child hq-epic",
    "2026-01-01T00:00:00Z  updated  ann   town",
    "    priority: 2 → 0",
    "    notes: politely",
    "2026-01-01T00:01:00Z  claimed  town  town  1.1",
    "    status: open → in_progress",
    `    assignee: ${nux}`,
    `    gt.claim: {"epoch":"1.1","machine":"vm-a","polecat":"${nux}"}`,
    "2026-01-01T00:02:30Z  closed   town  town  1.1.0",
    "    status: in_progress → closed",
    `    assignee: ${nux} → (gone)`,
    "    close_reason: landed",
    "    gt.close_kind: merged",
  ]);
  const json = JSON.parse((await gt("history", "alpha-a", "--json")).out);
  expect(json.entries).toHaveLength(4);
  expect(json.entries[1].changes[0]).toEqual({ field: "priority", before: 2, after: 0 });
  expect((await gt("history", "alpha-zz")).exitCode).toBe(1);
});

test("audit is a table of the newest, all of it as JSONL or CSV", async () => {
  const table = await gt("audit", "--actor", "ann", "--bead", "alpha-a");
  expect(table.out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    ["TIME", "WHO", "WHERE", "BEAD", "WHAT", "SUMMARY"],
    ["2026-01-01T00:00:00Z", "ann", "town", "alpha-a", "created", "Greet, by name"],
    ["2026-01-01T00:00:00Z", "ann", "town", "alpha-a", "updated", "priority: 0, notes: politely"],
    [""],
  ]);
  const short = await gt("audit", "-n", "1");
  expect(short.out).toContain("claimed by rigs/alpha/polecats/slit on vm-a, epoch 1.1");
  expect(short.out).toContain("… the newest 1; -n 0 shows all");
  const lines = (await gt("audit", "--json")).out.trim().split("\n");
  expect(lines).toHaveLength(town.ledger.log().length);
  expect(lines.map((line) => JSON.parse(line).actor)).not.toContain("");
  const csv = (await gt("audit", "--csv", "--since", "2m", "--kind", "closed")).out.split("\r\n");
  expect(csv).toHaveLength(3);
  expect(csv[0]).toMatch(/^time,actor,machine,bead,/);
  expect(csv[1]).toMatch(/^2026-01-01T00:02:30.000Z,town,town,alpha-a,a,closed,close,1.1.0,false,/);
  expect(csv[1]).toContain('{""field"":""status"",""before"":""in_progress""');
  expect((await gt("audit", "--actor", "nobody")).out).toBe("nothing is recorded that fits\n");
  expect((await gt("audit", "--csv", "--json")).exitCode).toBe(2);
  expect((await gt("audit", "--filter", "colour = red")).err).toContain('no field "colour"');
});

test("tree shows who completed what, when and how long, and who is at it where", async () => {
  const { out } = await gt("tree", "hq-epic");
  expect(out.trimEnd().split("\n")).toEqual([
    "○ hq-epic    Greetings       1/3 closed  1m 30s",
    "├ ✓ alpha-a  Greet, by name  vm-a/nux    1m 30s  just now",
    "├ ◐ alpha-b  Talk            vm-a/slit       0s",
    "└ ○ alpha-c  Sing            waits",
  ]);
  const { root } = JSON.parse((await gt("tree", "hq-epic", "--json")).out);
  expect(root.children[0]).toMatchObject({ completedBy: nux, machine: "vm-a" });
});

test("cv is an agent's record", async () => {
  const { out } = await gt("cv", "nux");
  expect(out).toContain("Attempts  1, of which 1 landed");
  expect(out).toContain("Took      1m 30s (median), 1m 30s (p90)");
  expect(out).toMatch(
    /2026-01-01T00:02:30Z {2}alpha-a +COMPLETED +1m 30s +vm-a +1.1 +abcdef012345/,
  );
  const { record } = JSON.parse((await gt("cv", nux, "--json")).out);
  expect(record).toMatchObject({ attempts: 1, rigs: [{ name: "alpha", count: 1 }] });
  expect((await gt("cv", "furiosa")).err).toContain(`there are ${nux}`);
});

test("stats draws throughput, and where the time went", async () => {
  const { out } = await gt("stats", "--rig", "alpha", "--since", "1w");
  expect(out).toContain("1 completed");
  expect(out).toContain(`  2025-12-29  ${"█".repeat(40)} 1`);
  expect(out).toMatch(/Lead +filed to closed +1 +2m 30s +2m 30s +2m 30s/);
  expect(out).toMatch(/Waiting +ready to claimed +1 +1m 00s/);
  expect(out).toMatch(/In gates +tested +0 +- +- +-/);
  expect(out).toMatch(new RegExp(`BY AGENT.*\\n${nux} +1 +0 +2m 30s`));
  const json = JSON.parse((await gt("stats", "--json")).out);
  expect(json.total).toMatchObject({ completed: 1, lead: { p50: "150s" } });
  expect((await gt("stats", "--rig", "beta")).out).toBe("no work is closed yet\n");
});

test("search finds open work by its words, closed work with --all", async () => {
  expect((await gt("search", "politely")).out).toBe("nothing is found; try --all\n");
  const { out } = await gt("search", "politely", "GREET", "--all");
  expect(out).toContain("Greet, by name");
  expect((await gt("search", "polite", "--all")).out).toContain("· notes: politely");
  const { hits } = JSON.parse((await gt("search", "sing", "--json")).out);
  expect(hits).toMatchObject([{ field: "title", bead: { id: "alpha-c" } }]);
});

test("ready --explain says why each other open bead is not", async () => {
  const { out } = await gt("ready", "--explain");
  const held = "held by rigs/alpha/polecats/slit on vm-a under epoch 1.1";
  expect(
    out
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ["nothing is ready; `gt ready --explain` says why not"],
    [""],
    ["ID", "TITLE", "WHY NOT"],
    ["alpha-b", "◐", "Talk", held],
    ["alpha-c", "○", "Sing", "waits for alpha-b, which is in_progress"],
    ["hq-epic", "○", "Greetings", "an epic is worked through its children"],
  ]);
  const json = JSON.parse((await gt("ready", "--explain", "--json")).out);
  expect(json).toMatchObject({ ready: [], waiting: [{ reasons: [held] }, {}, {}] });
});
