import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BeadSchema } from "#proto/gastown/v1/bead_pb.ts";
import { beadTable } from "./bead-view.ts";
import { waitingTable } from "./ready.ts";
import { plainPaint } from "./terminal.ts";

const at = (width: number) => ({ paint: plainPaint, columns: () => width, nowMs: () => 0 });
const bead = create(BeadSchema, {
  ...{ id: "alpha-k3f9", status: "in_progress", issueType: "feature", priority: 1 },
  title: "Greet everybody who comes by their own name and in their own language",
  assignee: "people/furiosa.of.the.citadel@wasteland.invalid",
});

test.for([80, 120])("in %i columns a list's titles keep as much as who has them", (width) => {
  const [, line = ""] = beadTable([bead], at(width)).split("\n");
  expect(line.length).toBeLessThanOrEqual(width);
  const [title = "", who = ""] = line.split(/ {2,}/).slice(4);
  expect(title.length).toBeGreaterThanOrEqual(15);
  expect(Math.abs(title.length - who.length)).toBeLessThanOrEqual(1);
});

test.for([80, 120])("in %i columns a reason goes on below itself, whole", (width) => {
  const reasons = ["alpha-b", "beta-7x2m"].map((id) => {
    return `waits for ${id}, which is in_progress since the machine that held it went away`;
  });
  const lines = waitingTable([{ bead, reasons }], at(width)).split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  const at0 = lines[0]?.indexOf("WHY NOT") ?? 0;
  const why = lines.slice(1).map((line) => line.slice(at0));
  expect(why.join(" ").replaceAll(/ +/g, " ")).toBe(reasons.join(" "));
  expect(why.filter((line) => line.startsWith("waits for"))).toHaveLength(2);
  expect(why.some((line) => line.startsWith("  "))).toBe(true);
});
