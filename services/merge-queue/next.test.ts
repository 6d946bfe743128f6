import { expect, test } from "vitest";
import type { GateResult } from "#services/ledger/work-fields.ts";
import { type Attempt, type Lane, nextStep } from "./next.ts";
import type { QueuedRequest } from "./queue.ts";

const request: QueuedRequest = {
  uid: "r1",
  id: "al-1.mr-1-1",
  bead: "w1",
  beadId: "al-1",
  title: "Say hello",
  merge: {
    rig: "alpha",
    branch: "polecat/al-1/1.1",
    commit: "c".repeat(40),
    target: "main",
    epoch: "1.1",
    worker: "rigs/alpha/polecats/nux",
  },
  state: "queued",
  priority: 2,
  submittedMs: 0,
  attempts: 0,
  heldBy: undefined,
  position: 1,
  needs: [],
  waitsFor: [],
  stale: undefined,
};
const gates = ["lint", "test"].map((name) => ({ name, command: name, timeoutSeconds: 9 }));
const built = { kind: "candidate", commit: "k1" } as const;
const attempt: Attempt = { base: "m1", built, gates, results: [] };
const idle: Lane = {
  request,
  target: { commit: "m1" },
  attempt,
  refusal: undefined,
  moves: 0,
  nowMs: 100,
};

function result(gate: string, passed: boolean): GateResult {
  const exitCode = passed ? 0 : 1;
  return { gate, commit: "k1", passed, exitCode, elapsedMs: 3_210, output: "…" };
}

const passed = gates.map(({ name }) => result(name, true));
const refusal = { count: 1, why: "frozen", retryAtMs: 200 };

test.for<[string, Partial<Lane>, object]>([
  ["nothing fetched yet", { target: undefined }, { do: "fetch" }],
  ["no candidate yet", { attempt: undefined }, { do: "build", onto: "m1" }],
  ["the target moved", { target: { commit: "m2" } }, { do: "build", onto: "m2" }],
  ["built", {}, { do: "test", commit: "k1", gate: gates[0] }],
  [
    "the first gate passed",
    { attempt: { ...attempt, results: passed.slice(0, 1) } },
    { do: "test", commit: "k1", gate: gates[1] },
  ],
  [
    "all gates passed",
    { attempt: { ...attempt, results: passed } },
    { do: "land", commit: "k1", onto: "m1" },
  ],
  ["no gates", { attempt: { ...attempt, gates: [] } }, { do: "land", commit: "k1", onto: "m1" }],
  [
    "a gate failed",
    { attempt: { ...attempt, results: [result("lint", false)] } },
    { do: "reject", as: "rejected", why: "gate lint failed on k1: exit 1 after 3.2 s" },
  ],
  [
    "the set-up failed",
    { attempt: { ...attempt, results: [result("setup", false)] } },
    { do: "reject", as: "rejected", why: "the set-up failed on k1: exit 1 after 3.2 s" },
  ],
  [
    "a conflict",
    { attempt: { ...attempt, built: { kind: "conflict", paths: ["a b", "c"] } } },
    { do: "reject", as: "conflict", why: "conflicts with main in a b, c" },
  ],
  [
    "nothing in it",
    { attempt: { ...attempt, built: { kind: "empty" } } },
    { do: "reject", as: "rejected", why: "touches nothing: main has all of it" },
  ],
  [
    "no such branch",
    { attempt: { ...attempt, built: { kind: "unusable", why: "no such commit" } } },
    { do: "reject", as: "rejected", why: "no such commit" },
  ],
  [
    "claimed again while it was tested",
    { attempt: { ...attempt, results: passed }, request: { ...request, stale: "2.1 rules" } },
    { do: "withdraw", why: "2.1 rules" },
  ],
  [
    "its bead waits for another",
    { request: { ...request, waitsFor: ["al-2"] } },
    { do: "wait", why: "waits for al-2" },
  ],
  ["refused a moment ago", { refusal }, { do: "wait", why: "frozen" }],
  [
    "refused some time ago",
    { refusal, nowMs: 200, attempt: { ...attempt, results: passed } },
    { do: "land", commit: "k1", onto: "m1" },
  ],
  ["refused too often", { refusal: { ...refusal, count: 3 } }, { do: "hold", why: "frozen" }],
  [
    "refused again while it is on hold",
    { refusal, request: { ...request, heldBy: "rigs/alpha/refinery" } },
    { do: "hold", why: "frozen" },
  ],
  [
    "the target is gone",
    { target: { commit: undefined } },
    { do: "hold", why: "the remote has no branch main" },
  ],
  [
    "the target moves all the time",
    { moves: 6, target: { commit: "m7" } },
    { do: "wait", why: "main moved 6 times while it was tested" },
  ],
])("%s", ([_, change, expected]) => {
  expect(nextStep({ ...idle, ...change })).toEqual(expected);
});
