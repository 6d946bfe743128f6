import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import type { BeadNode } from "#proto/gastown/v1/work_service_pb.ts";
import { ago, elapsed } from "./elapsed.ts";
import { paintMergeState, paintStatus, statusGlyph } from "./glyphs.ts";
import { oneLine } from "./one-line.ts";
import { type Column, table } from "./table.ts";
import { type Paint, plainPaint } from "./terminal.ts";

const columns: readonly Column[] = [
  { head: "" },
  { head: "", gives: true },
  { head: "" },
  { head: "" },
  { head: "", align: "right" },
  { head: "" },
  { head: "", align: "right" },
];

/**
 * A bead with all that hangs below it, a line each: status and id, title, who works on it where, or
 * who completed it, its step, for how long, and how its merge request stands. Columns are aligned,
 * and titles are cut so that no line is wider than `width` display columns. A node without a bead
 * is its children.
 *
 * @param paint no colours if absent
 * @param withEnds also when each was closed
 */
export function renderTree(
  node: BeadNode,
  nowMs: number,
  width: number,
  paint: Paint = plainPaint,
  withEnds = false,
): string {
  return table(columns, rowsOf(node, { first: "", rest: "" }, { nowMs, paint, withEnds }), width);
}

type Look = { readonly nowMs: number; readonly paint: Paint; readonly withEnds: boolean };

/** What stands before a node's own line, and before the lines below it. */
type Indent = { readonly first: string; readonly rest: string };

function rowsOf(node: BeadNode, indent: Indent, look: Look): string[][] {
  const { bead, children } = node;
  const { nowMs, paint, withEnds } = look;
  if (bead === undefined) return children.flatMap((child) => rowsOf(child, indent, look));
  const below = children.flatMap((child, at) => {
    const isLast = at === children.length - 1;
    const next = {
      first: `${indent.rest}${isLast ? "└ " : "├ "}`,
      rest: `${indent.rest}${isLast ? "  " : "│ "}`,
    };
    return rowsOf(child, next, look);
  });
  const mark = paintStatus(bead.status, statusGlyph(bead.status, bead.ready), paint);
  const own = [
    `${paint.dim(indent.first)}${mark} ${paint.bold(oneLine(bead.id))}`,
    oneLine(bead.title),
    whereOf(node, bead, paint),
    oneLine(node.step),
    lengthOf(node.startTime, bead, nowMs),
    node.mergeState === "" ? "" : paintMergeState(oneLine(node.mergeState), paint),
    withEnds && bead.closeTime ? paint.dim(ago(bead.closeTime, nowMs)) : "",
  ];
  return [own, ...below];
}

/** Who works on it where, or completed it; how far an epic is; what an unclaimed bead waits for. */
function whereOf(node: BeadNode, bead: Bead, paint: Paint): string {
  const { children, completedBy, machine } = node;
  const { claim } = bead;
  if (claim !== undefined && claim.machine !== "") {
    return oneLine(
      claim.polecat === "" ? claim.machine : `${claim.machine}/${short(claim.polecat)}`,
    );
  }
  if (children.length > 0) {
    const closed = children.filter((child) => child.bead?.status === "closed").length;
    return `${closed}/${children.length} closed`;
  }
  if (completedBy !== "") {
    return oneLine(machine === "" ? completedBy : `${machine}/${short(completedBy)}`);
  }
  if (bead.status === "deferred") return paint.dim("deferred");
  const isWaiting = bead.status !== "closed" && bead.blockedBy.length > 0;
  return isWaiting ? paint.dim("waits") : "";
}

/** A polecat's own name, without its rig. */
export function short(polecat: string): string {
  return polecat.slice(polecat.lastIndexOf("/") + 1);
}

function lengthOf(start: Timestamp | undefined, bead: Bead, nowMs: number): string {
  if (start === undefined) return "";
  const endMs = bead.closeTime === undefined ? nowMs : timestampMs(bead.closeTime);
  return elapsed(endMs - timestampMs(start));
}
