import type { Step } from "#proto/gastown/v1/molecule_service_pb.ts";
import { ago } from "./elapsed.ts";
import { oneLine, plainLines } from "./one-line.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { short } from "./tree-view.ts";

type Viewer = Pick<Terminal, "paint" | "columns" | "nowMs">;

/** A molecule's steps, a line each. */
export function stepTable(steps: readonly Step[], viewer: Viewer): string {
  const { paint, nowMs, columns } = viewer;
  const rows = steps.map((step) => [
    `  ${stateMark(step.state, paint)} ${oneLine(step.name)}`,
    oneLine(step.state),
    oneLine(step.summary || step.title),
    oneLine(short(step.completedBy)),
    step.completeTime === undefined ? "" : ago(step.completeTime, nowMs()),
  ]);
  return table(stepColumns, rows, columns());
}

const stepColumns = [
  { head: "" },
  { head: "" },
  { head: "", gives: true },
  { head: "" },
  { head: "", align: "right" },
] as const;

function stateMark(state: string, paint: Terminal["paint"]): string {
  if (state === "done") return paint.green("✓");
  if (state === "ready") return paint.yellow("▶");
  return state === "late" ? paint.dim("✗") : "○";
}

/** One step with what is to be done in it. */
export function stepPage(step: Step, { paint }: Pick<Terminal, "paint">): string {
  const lines = step.instructions === "" ? [] : ["", ...plainLines(step.instructions.trimEnd())];
  const needs = step.needs.length > 0 ? `, after ${step.needs.map(oneLine).join(", ")}` : "";
  return [
    `${paint.bold(oneLine(step.name))}  ${oneLine(step.title)}`,
    `  ${oneLine(step.id)}, ${oneLine(step.state)}${needs}`,
    ...lines,
  ].join("\n");
}
