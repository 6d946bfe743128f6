import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import { slingField } from "#services/ledger/work-fields.ts";
import { scratchWork } from "#services/molecules/scratch-work.ts";
import { assignmentOf, presetNamed } from "./presets.ts";

test("a preset names a program that is there, and an unknown one those that are known", () => {
  const [node, program] = presetNamed("patch").argv;
  expect(node).toBe(process.execPath);
  expect(existsSync(program ?? "")).toBe(true);
  expect(() => presetNamed("magic")).toThrow("no runtime magic; there are patch, shell");
});

test("what was asked for wins over what the bead brings, and that over the default", async () => {
  const { ledger, write, work } = await scratchWork();
  const { world } = ledger;
  const rig = world.bead("hq-rig-alpha");
  const settings = rig?.fields["gt.rig"] as { [key: string]: string };
  await write(setFields(rig?.uid ?? "", { "gt.rig": { ...settings, defaultRuntime: "shell" } }));
  expect(assignmentOf(world, work())).toEqual({ runtime: "shell", command: "" });
  await write(setFields("work", { "gt.patch": "diff" }));
  expect(assignmentOf(world, work())).toEqual({ runtime: "patch", command: "" });
  const fields = { [slingField.name]: { runtime: "shell", command: "make", by: "overseer" } };
  await write(
    createBead({ uid: "epic", id: "alpha-0", title: "Epic", issueType: "epic", fields }),
    { bead: "work", op: "link", values: { add: [{ to: "epic", type: "parent-child" }] } },
  );
  expect(assignmentOf(world, work())).toEqual({ runtime: "shell", command: "make" });
});
