import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { restartSession } from "#services/api/agent/restart-session.ts";
import { type ScratchTown, scratchTown } from "#services/api/scratch-town.ts";
import { workService } from "#services/api/work/work-service.ts";
import type { Worker } from "#services/identity/worker.ts";
import { claimBead, createBead, releaseBead, setFields } from "#services/ledger/drafts.ts";
import { machineField, machineStateField } from "#services/ledger/machines.ts";
import { handOffField, restartField } from "#services/ledger/work-fields.ts";
import { mergeRequestUid } from "#services/molecules/leave.ts";
import { served } from "#services/rpc/method.ts";
import { type RpcServer, serveRpc } from "#services/rpc/server.ts";
import { runInMemory, type Told } from "./terminal-memory.ts";

const nux = "rigs/alpha/polecats/nux";
const worker: Worker = {
  ...{ agent: nux, rig: "alpha", beadUid: "a", epoch: "1.1.0", machine: "vm-a" },
  ...{ worktree: "/worktrees/nux", branch: "polecat/alpha-a/1.1" },
};
let folder: string;
let town: ScratchTown;
let server: RpcServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gt-handoff-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A bead that vm-a works on, and vm-b ready to go on with it. */
beforeEach(async () => {
  town = await scratchTown();
  await town.write(
    machineBead("vm-b"),
    createBead({ uid: "a", id: "alpha-a", title: "Greet by name" }),
    claimBead("a", "1.1", { machine: "vm-a", polecat: nux }),
  );
  const ports = { ...town, worker: (who: string) => (who === nux ? worker : undefined) };
  const agents = { restartSession: restartSession({ ...ports, ring: () => {} }) };
  server = await serveRpc({
    services: [served(WorkService, workService(town)), served(AgentService, agents)],
    listen: { address: "127.0.0.1:0" },
    authenticate: ({ claimed }) => claimed ?? "overseer",
    onBug: () => {},
  });
  return () => server.drain(1_000);
});

function machineBead(name: string, rigs: string[] = []) {
  const machine = { name, rigs, polecatsMax: 4, version: "0", wire: 2 };
  const at = { uid: `machine-${name}`, id: `hq-machine-${name}`, title: name };
  return createBead({ ...at, issueType: "machine", fields: { [machineField.name]: machine } });
}

function gt(args: readonly string[], env: Record<string, string> = {}): Promise<Told> {
  const place = { env: { GT_TOWN: server.address, ...env }, cwd: folder };
  return runInMemory(args, { ...place, nowMs: town.nowMs });
}

const bead = () => town.ledger.world.bead("a") ?? expect.fail("the bead is there");

test("a wish for a hand-off names the claim that shall end, and stands once", async () => {
  const told = await gt(["handoff", "alpha-a", "--to", "vm-b", "--request-id", "r1"]);
  expect(told).toMatchObject({ exitCode: 0, err: "" });
  expect(told.out).toContain(`${nux} on vm-a hands off attempt 1.1`);
  expect(handOffField.read(bead())).toEqual({ to: "vm-b", epoch: "1.1", by: "overseer" });
  const events = town.ledger.log().length;
  const again = await gt(["handoff", "alpha-a", "--to", "vm-b", "--request-id", "r1", "--json"]);
  expect(JSON.parse(again.out)).toMatchObject({ epoch: "1.1", bead: { id: "alpha-a" } });
  expect(town.ledger.log()).toHaveLength(events);
  const other = await gt(["handoff", "alpha-a", "--request-id", "r1"]);
  expect(other).toMatchObject({ exitCode: 1, err: expect.stringContaining("another request") });
});

test("slung to a machine after its hand-off, a bead goes there", async () => {
  await gt(["handoff", "alpha-a", "--to", "vm-b"]);
  await town.write(releaseBead("a", "1.1", "handed off"));
  const told = await gt(["sling", "alpha-a", "--runtime", "patch", "--machine", "vm-b"]);
  expect(told).toMatchObject({ exitCode: 0, err: "" });
  expect(handOffField.read(bead())).toBeUndefined();
});

test.for<[string, string, () => Promise<unknown>]>([
  ["there is no such machine", "no machine vm-c; there are: vm-a, vm-b", async () => {}],
  [
    "is there already",
    "is worked on at vm-c already",
    async () => {
      await town.write(
        machineBead("vm-c"),
        claimBead("a", "1.2", { machine: "vm-c", polecat: nux }),
      );
    },
  ],
  [
    "serves other rigs",
    "vm-c does not serve alpha; it could go on at vm-b",
    () => town.write(machineBead("vm-c", ["beta"])),
  ],
  [
    "takes nothing new",
    "vm-c is draining and takes nothing new",
    () =>
      town.write(
        machineBead("vm-c"),
        setFields("machine-vm-c", { [machineStateField.name]: "draining" }),
      ),
  ],
  [
    "is lost",
    "vm-c is lost since 2026",
    () =>
      town.write(
        machineBead("vm-c"),
        setFields("machine-vm-c", { "gt.lost": { sinceAt: "2026-01-01T00:00:00Z", why: "x" } }),
      ),
  ],
  [
    "the bead is nobody's",
    "is held by nobody; `gt sling alpha-a",
    () => town.write(machineBead("vm-c"), releaseBead("a", "1.1", "x")),
  ],
  [
    "its worker has left",
    "has left alpha-a as COMPLETED already",
    () =>
      town.write(
        machineBead("vm-c"),
        setFields("a", { "gt.exit": { kind: "COMPLETED", epoch: "1.1.0", summary: "" } }),
      ),
  ],
  [
    "it was submitted",
    "is with the merge queue: nothing to hand off",
    () =>
      town.write(
        machineBead("vm-c"),
        createBead({
          ...{ uid: mergeRequestUid("a", "1.1"), id: "alpha-a.mr-1-1", title: "x" },
          ...{ issueType: "merge-request", fields: { "gt.work": "a" } },
        }),
      ),
  ],
])("refused where %s", async ([, words, change]) => {
  await change();
  const told = await gt(["handoff", "alpha-a", "--to", "vm-c"]);
  expect(told.exitCode).toBe(1);
  expect(told.err).toContain(words);
  expect(handOffField.read(bead())).toBeUndefined();
});

test("without a machine it needs one that could go on", async () => {
  await town.write(setFields("machine-vm-b", { [machineStateField.name]: "cordoned" }));
  const told = await gt(["handoff", "alpha-a"]);
  expect(told.err).toContain("alpha-a has to stay: no machine but vm-a is ready for its rig");
  expect((await gt(["handoff"])).exitCode).toBe(2);
  expect((await gt(["handoff", "--to", "vm-b"])).exitCode).toBe(2);
  expect((await gt(["handoff", "alpha-a", "-m", "x"])).exitCode).toBe(2);
});

test("alone, inside a polecat, it asks for a fresh session", async () => {
  const call = restartSession({ ...town, worker: () => worker, ring: () => {} });
  const request = { $typeName: "gastown.v1.RestartSessionRequest", requestId: "r" } as const;
  const context = town.by(nux, "r");
  await call({ ...request, message: "tests are next" }, context);
  const wanted = { epoch: "1.1.0", message: "tests are next", atMs: town.nowMs() };
  expect(restartField.read(bead())).toEqual(wanted);
  const told = await gt(["handoff", "-m", "x"], { GT_BEAD: "alpha-a" });
  expect(told.err).toContain("is no polecat at work here");
  await town.write(releaseBead("a", "1.1", "x"));
  const late = call({ ...request, requestId: "s", message: "" }, town.by(nux, "s"));
  await expect(late).rejects.toMatchObject({ reason: "stale" });
});

test("one that has left has nothing to go on with", async () => {
  const call = restartSession({ ...town, worker: () => worker, ring: () => {} });
  const exit = { kind: "COMPLETED", epoch: "1.1.0", summary: "" };
  await town.write(setFields("a", { "gt.exit": exit }));
  const request = { $typeName: "gastown.v1.RestartSessionRequest", requestId: "r" } as const;
  const left = call({ ...request, message: "" }, town.by(nux, "r"));
  await expect(left).rejects.toMatchObject({ reason: "state" });
});

test("a machine of the wire version before cannot hand off, and is told what to do", async () => {
  const old = { name: "vm-a", rigs: [], polecatsMax: 4, version: "0", wire: 1 };
  const uid = town.ledger.world.bead("hq-machine-vm-a")?.uid ?? "";
  await town.write(setFields(uid, { [machineField.name]: old }));
  const { exitCode, err } = await gt(["handoff", "alpha-a", "--to", "vm-b"]);
  expect(exitCode).toBe(1);
  expect(err).toContain("vm-a speaks wire version 1 and cannot hand off: upgrade it");
});
