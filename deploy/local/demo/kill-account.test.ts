import { expect, test } from "vitest";
import { encodeEvent, type LedgerEvent, type Operation } from "#services/ledger/event.ts";
import { accountKill, interruptedOf } from "./kill-account.ts";

let seq = 0;
function event(op: Operation, bead: string, values: object, epoch?: string): LedgerEvent {
  seq += 1;
  const base = { v: 1, writer: "vm-a.abcd", seq, clock: [seq, 0] as const, actor: "a", prev: "" };
  const own = { bead, op, values: values as LedgerEvent["values"] };
  return encodeEvent({ ...base, ...own, ...(epoch !== undefined && { epoch }) });
}
const step = (uid: string, name: string) =>
  event("create", uid, { id: uid, fields: { "gt.step": name, "gt.work": "w" } });
const close = (uid: string, epoch: string) =>
  event("close", uid, { close: "step:1.1", reason: "", kind: "done" }, epoch);

const names = ["load-context", "branch-setup", "implement", "commit", "self-review", "test"];
const steps = names.map((name) => step(`s-${name}`, name));
const victim = { agent: "rigs/alpha/polecats/nux", bead: "w", beadId: "alpha-1", epoch: "1.1.0" };

test("a worker between two steps of its work was interrupted, and it is known where", () => {
  const events = [...steps, close("s-load-context", "1.1.0"), close("s-branch-setup", "1.1.0")];
  expect(interruptedOf([victim], events)).toEqual([
    { ...victim, done: ["s-load-context", "s-branch-setup"], at: "implement" },
  ]);
});

test("one that had done nothing, or all, or something as another incarnation, was not", () => {
  expect(interruptedOf([victim], steps)).toEqual([]);
  const all = names.map((name) => close(`s-${name}`, "1.1.0"));
  expect(interruptedOf([victim], [...steps, ...all])).toEqual([]);
  expect(interruptedOf([victim], [...steps, close("s-load-context", "1.0.0")])).toEqual([]);
});

test("what was closed again after the kill was repeated, the rest was kept", () => {
  const before = [...steps, close("s-load-context", "1.1.0"), close("s-branch-setup", "1.1.0")];
  const interrupted = interruptedOf([victim], before);
  const rest = [close("s-branch-setup", "1.1.1"), close("s-implement", "1.1.1")];
  expect(accountKill("vm-a", interrupted, before, [...before, ...rest])).toEqual({
    machine: "vm-a",
    stepsKept: 1,
    stepsRepeated: 1,
  });
});
