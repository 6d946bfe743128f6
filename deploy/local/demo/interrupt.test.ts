import { expect, test } from "vitest";
import { backLine } from "./interrupt.ts";

test("people hear that a machine is back, and what goes on where", () => {
  const victim = { agent: "rigs/alpha/polecats/nux", bead: "u", epoch: "1.1.0", done: ["s"] };
  const interrupted = [
    { ...victim, beadId: "alpha-imp", at: "implement" },
    { ...victim, beadId: "alpha-num", at: "test" },
  ];
  const killing = { machine: "vm-a", interrupted, before: [] };
  expect(backLine(killing)).toBe(
    "vm-a is back: alpha-imp goes on at implement, alpha-num goes on at test.",
  );
  expect(backLine({ ...killing, interrupted: [] })).toBe("vm-a is back: nothing was interrupted.");
});
