import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  type ConfirmLossRequest,
  type DrainMachineRequest,
  FleetService,
  LossPolicy,
  MachineSchema,
  MachineState,
  type Rig,
  RigSchema,
  type UpdateRigRequest,
} from "#proto/gastown/v1/fleet_service_pb.ts";
import { served } from "#services/rpc/method.ts";
import { type RpcServer, serveRpc } from "#services/rpc/server.ts";
import { runInMemory, type Told } from "../terminal-memory.ts";

const startMs = Date.parse("2026-03-01T09:00:00Z");
const minuteMs = 60_000;

/** What the machine is at each look, the last one for good; and what was asked. */
let looks: MessageInitShape<typeof MachineSchema>[];
let rig: Rig;
let asked: { drain?: DrainMachineRequest; lost?: ConfirmLossRequest; update?: UpdateRigRequest };
let folder: string;
let server: RpcServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gt-machine-"));
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  looks = [{ name: "vm-a", state: MachineState.READY, wireVersion: 2, version: "1" }];
  rig = create(RigSchema, { name: "alpha", authority: "vm-a", term: 3n, appointed: "vm-a" });
  asked = {};
  const machine = () => create(MachineSchema, looks.length > 1 ? looks.shift() : looks[0]);
  const answer = async () => ({ machine: machine() });
  const fleet = served(FleetService, {
    getMachine: answer,
    listMachines: async () => ({ machines: [machine()] }),
    cordonMachine: answer,
    uncordonMachine: answer,
    drainMachine: async (request) => {
      asked.drain = request;
      return { machine: machine() };
    },
    confirmLoss: async (request) => {
      asked.lost = request;
      return { machines: [machine()] };
    },
    listRigs: async () => ({ rigs: [rig] }),
    getRig: async () => {
      const shown = rig;
      rig = { ...rig, authority: rig.appointed, term: rig.term + 1n };
      return { rig: shown };
    },
    moveRig: async ({ machine: to }) => {
      rig = { ...rig, appointed: to };
      return { rig };
    },
    updateRig: async (request) => {
      asked.update = request;
      rig = { ...rig, onLoss: request.onLoss, lossWaitSeconds: request.lossWaitSeconds ?? 60 };
      return { rig };
    },
  });
  server = await serveRpc({
    services: [fleet],
    listen: { address: "127.0.0.1:0" },
    authenticate: () => "overseer",
    onBug: () => {},
  });
  return () => server.drain(1_000);
});

type Over = Partial<Parameters<typeof runInMemory>[1]>;

function gt(args: readonly string[], over: Over = {}, signal?: AbortSignal): Promise<Told> {
  const place = { env: { GT_TOWN: server.address }, cwd: folder, nowMs: () => startMs, ...over };
  return runInMemory(args, place, signal);
}

const drain = (more: object = {}) => ({
  by: "ann",
  startTime: timestampFromMs(startMs - minuteMs),
  deadline: timestampFromMs(startMs + 29 * minuteMs),
  ...more,
});
const draining = (more: object = {}) => ({
  ...{ name: "vm-a", state: MachineState.DRAINING, drain: drain(more) },
});
const done = { doneTime: timestampFromMs(startMs) };

test("a drain that is not waited for says what is left, and where to look", async () => {
  looks = [draining({ remaining: ["alpha-1", "alpha-2"], authorities: ["alpha"] })];
  const { out, exitCode } = await gt(["machine", "drain", "vm-a", "--deadline", "30m"]);
  expect(exitCode).toBe(0);
  expect(out.trimEnd().split("\n")).toEqual([
    "vm-a is being emptied; gt machine show vm-a tells how far it is",
    "  Drain asked for by ann, 1m ago",
    "  Left: alpha-1, alpha-2, the authority of alpha",
    "  What it still works on is handed off in 29m",
    "  vm-a was the last machine that takes work: what is ready waits; gt machine uncordon vm-a, " +
      "or another one, ends that",
  ]);
  expect(asked.drain).toMatchObject({ name: "vm-a", deadlineSeconds: 1_800, force: false });
  await gt(["machine", "drain", "vm-a", "--force", "--request-id", "r"]);
  expect(asked.drain).toMatchObject({ deadlineSeconds: 0, force: true, requestId: "r" });
  const both = await gt(["machine", "drain", "vm-a", "--force", "--deadline", "5m"]);
  expect(both.exitCode).toBe(2);
  expect((await gt(["machine", "drain", "vm-a", "--deadline", "soon"])).exitCode).toBe(2);
  const long = await gt(["machine", "drain", "vm-a", "--deadline", "8d"]);
  expect(long).toMatchObject({ exitCode: 2, err: expect.stringContaining("at most 7d") });
});

test("a drain that is waited for tells each change, and returns only once it is done", async () => {
  const note = "alpha-1 has nowhere to go on";
  looks = [
    draining({ remaining: ["alpha-1"] }),
    draining({ remaining: ["alpha-1"], notes: [note] }),
  ];
  looks.push(draining({ remaining: ["alpha-1"], notes: [note] }), draining(), draining(done));
  const told = await gt(["machine", "drain", "vm-a", "--wait"]);
  expect(told).toMatchObject({ exitCode: 0, out: "vm-a is empty: it may be stopped\n" });
  expect(told.err.split(note)).toHaveLength(2);
  expect(told.err).toContain("Left: nothing that it works on or holds; it pushes what it has");
  looks = [draining(), draining(done)];
  const json = JSON.parse((await gt(["machine", "drain", "vm-a", "--wait", "--json"])).out);
  expect(json.machine.drain.doneTime).toBe("2026-03-01T09:00:00Z");
});

test("on a terminal it waits by itself; Ctrl-C leaves the drain going and says so", async () => {
  looks = [draining({ remaining: ["alpha-1"] })];
  const stop = new AbortController();
  const frames: string[] = [];
  const show = (frame: string) => {
    frames.push(frame);
    stop.abort();
  };
  const screen = { isTty: true, columns: () => 80, redraw: async () => ({ show, done: () => {} }) };
  const told = await gt(["machine", "drain", "vm-a"], screen, stop.signal);
  expect(frames.at(-1)).toMatch(/Left: alpha-1\n.*Ctrl-C leaves the drain going/s);
  expect(told).toMatchObject({ exitCode: 130, out: "" });
  expect(told.err).toContain("the drain of vm-a goes on; gt machine uncordon vm-a calls it off");
  const short = await gt(["machine", "drain", "vm-a", "--no-wait"], screen);
  expect(short).toMatchObject({ exitCode: 0, err: "" });
});

test.for([
  { later: { name: "vm-a", state: MachineState.READY }, says: "was called off" },
  { later: { ...draining(), state: MachineState.LOST }, says: "vm-a is lost" },
])("a wait that cannot end well ends: $says", async ({ later, says }) => {
  looks = [draining(), later];
  const told = await gt(["machine", "drain", "vm-a", "--wait"]);
  expect(told.exitCode).toBe(1);
  expect(told.err).toContain(says);
});

test("cordon, uncordon and lost say what follows", async () => {
  expect((await gt(["machine", "cordon", "vm-a"])).out).toContain("gt machine uncordon vm-a");
  expect((await gt(["machine", "uncordon", "vm-a"])).out).toBe("vm-a takes work again\n");
  expect((await gt(["machine", "lost"])).out).toContain("vm-a: held for lost");
  expect(asked.lost).toMatchObject({ name: "", forGood: false });
  expect((await gt(["machine", "lost", "vm-a", "--for-good"])).out).toContain("brings it back");
  expect(asked.lost).toMatchObject({ name: "vm-a", forGood: true });
});

test("a machine shows its drain, its loss, and why it is given nothing", async () => {
  const lostTime = timestampFromMs(startMs - 3 * minuteMs);
  const trouble = "the machine speaks wire version 9, the town 2: upgrade the town first";
  looks = [{ ...draining({ remaining: ["alpha-1"] }), lostTime, trouble, wireVersion: 9 }];
  const { out } = await gt(["machine", "show", "vm-a"]);
  expect(out).toMatch(/Lost +since 3m ago/);
  expect(out).toMatch(/Version +, wire 9/);
  expect(out).toContain(`Trouble    ${trouble}`);
  expect(out).toContain("Left: alpha-1");
  expect((await gt(["machine", "list"])).out).toContain(`vm-a is given nothing new: ${trouble}`);
});

test("a rig's move is an appointment first, and waited for where that is wanted", async () => {
  const told = await gt(["rig", "move", "alpha", "--to", "vm-b"]);
  expect(told.out).toContain("vm-b is appointed to hold the authority of alpha");
  expect(told.out).toContain("vm-a holds it until then");
  expect((await gt(["rig", "list"])).out).toContain("vm-a@3 → vm-b");
  expect((await gt(["machine", "list"])).out).toMatch(/vm-a .* - /);
  looks = [{ name: "vm-b", state: MachineState.READY, link: "silent" }];
  rig = { ...rig, authority: "vm-a", term: 3n, appointed: "vm-b" };
  expect((await gt(["machine", "list"])).out).toContain("alpha (being taken)");
  const waited = await gt(["rig", "move", "alpha", "--to", "vm-b", "--wait"]);
  expect(waited.err).toBe(
    "waiting until vm-b has taken the next term of alpha at its remote; " +
      "vm-a holds term 3 until then; vm-b is silent\n",
  );
  expect(waited.out).toBe("vm-b holds the authority of alpha, term 4\n");
  const json = JSON.parse((await gt(["rig", "move", "alpha", "--to", "vm-b", "--json"])).out);
  expect(json.rig).toMatchObject({ name: "alpha", appointed: "vm-b" });
});

test("a rig's policy is changed and shown", async () => {
  const args = ["rig", "update", "alpha", "--on-loss", "replace", "--loss-wait", "2m"];
  const { out } = await gt(args);
  expect(asked.update).toMatchObject({ onLoss: LossPolicy.REPLACE, lossWaitSeconds: 120 });
  expect(out).toMatch(/On loss +another machine goes on after 2m 00s/);
  expect((await gt(["rig", "update", "alpha", "--on-loss", "wait"])).out).toMatch(
    /On loss +work waits for the machine/,
  );
  expect((await gt(["rig", "list"])).out).toMatch(/ON LOSS.*\n.* wait/);
  expect((await gt(["rig", "update", "alpha"])).exitCode).toBe(2);
  expect((await gt(["rig", "update", "alpha", "--on-loss", "panic"])).exitCode).toBe(2);
});
