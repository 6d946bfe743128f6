import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { BeadSchema } from "#proto/gastown/v1/bead_pb.ts";
import { MergeRequestSchema } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { BeadNodeSchema } from "#proto/gastown/v1/work_service_pb.ts";
import { type Outcome, summarize, summaryTable, verdict } from "./summary.ts";

const bead = (id: string, status: string) =>
  create(BeadSchema, { id, title: `Do ${id}`, status, closeTime: timestampFromMs(9_000) });
const root = create(BeadNodeSchema, {
  bead: bead("hq-1", "closed"),
  children: [{ bead: bead("a-1", "closed"), startTime: timestampFromMs(2_000), machine: "vm-a" }],
});
const request = create(MergeRequestSchema, {
  bead: "a-1",
  rig: "alpha",
  worker: "rigs/alpha/polecats/nux",
  state: "landed",
  landedCommit: "0123456789abcdef",
  settleTime: timestampFromMs(8_000),
});
const outcome: Outcome = {
  beads: [bead("hq-1", "closed"), bead("a-1", "closed")],
  root,
  requests: [request],
  machines: 2,
  rigs: 2,
  bus: "nats",
  elapsedMs: 41_234.5,
  verified: true,
};

test("all closed and verified is ok; the keys stand in their order", () => {
  expect(JSON.stringify(summarize(outcome))).toBe(
    '{"ok":true,"beads":{"closed":2,"open":0},"landed":1,"machines":2,"rigs":2,"bus":"nats",' +
      '"elapsedMs":41235,"verified":true}',
  );
});

test("something open, not verified, or nothing at all is not ok", () => {
  const beads = [bead("hq-1", "open"), bead("a-1", "closed")];
  expect(summarize({ ...outcome, beads })).toMatchObject({ ok: false, beads: { open: 1 } });
  expect(summarize({ ...outcome, verified: false }).ok).toBe(false);
  expect(summarize({ ...outcome, beads: [] }).ok).toBe(false);
});

test("a kill that interrupted nobody is not ok", () => {
  const account = { machine: "vm-a", stepsKept: 3, stepsRepeated: 0 };
  const told = summarize({ ...outcome, killed: { account, interrupted: 1 } });
  expect(told).toMatchObject({ ok: true, killed: account });
  expect(summarize({ ...outcome, killed: { account, interrupted: 0 } }).ok).toBe(false);
  expect(verdict(told)).toBe(
    "All done: 1 bead and its epic closed, 1 landed on 2 machines in 41.2 s; " +
      "vm-a was killed: 3 steps kept, 0 repeated.",
  );
});

test("people see who landed what, where, and how long it took", () => {
  expect(summaryTable(outcome, 100)).toBe(
    "BEAD  WHAT    WHO       RIG    LANDED    TOOK\n" +
      "a-1   Do a-1  vm-a/nux  alpha  01234567    7s",
  );
});
