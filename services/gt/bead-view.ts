import type { Bead, Claim, Comment, Dependency } from "#proto/gastown/v1/bead_pb.ts";
import type { MergeRequest } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { ago } from "./elapsed.ts";
import { paintMergeState, paintStatus, statusGlyph } from "./glyphs.ts";
import { oneLine, plainLines } from "./one-line.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { short } from "./tree-view.ts";

/** What a view needs to know of where it is shown. */
export type Viewer = Pick<Terminal, "paint" | "columns" | "nowMs">;

/** Beads as a table. */
export function beadTable(beads: readonly Bead[], { paint, columns, nowMs }: Viewer): string {
  const now = nowMs();
  return table(
    [
      { head: "ID" },
      { head: "P" },
      { head: "STATUS" },
      { head: "TYPE" },
      { head: "TITLE", gives: true },
      { head: "WHO", gives: true },
      { head: "CHANGED", align: "right" },
    ],
    beads.map((bead) => [
      oneLine(bead.id),
      String(bead.priority),
      statusText(bead, paint),
      oneLine(bead.issueType),
      oneLine(bead.title),
      whoHolds(bead),
      ago(bead.updateTime, now),
    ]),
    columns(),
  );
}

/** A bead's status in its colour, with the tier of one that is kept lower. */
export function statusText(
  { status, ready, tier }: Pick<Bead, "status" | "ready" | "tier">,
  paint: Terminal["paint"],
): string {
  const text = paintStatus(status, `${statusGlyph(status, ready)} ${status}`, paint);
  return isLower(tier) ? `${text} ${paint.dim(`(${tier})`)}` : text;
}

/** A town of an earlier version names no tier. */
function isLower(tier: string): boolean {
  return tier !== "" && tier !== "active";
}

function whoHolds({ claim, assignee }: Bead): string {
  if (claim === undefined || claim.machine === "") return oneLine(assignee);
  return oneLine(`${claim.machine}/${short(claim.polecat)}`);
}

/** What became of one bead, on a line. */
export function changed(what: string, bead: Bead | undefined): string {
  return bead === undefined ? what : `${what} ${oneLine(bead.id)}  ${oneLine(bead.title)}`;
}

/** Everything of a bead, to be read. */
export function beadPage(bead: Bead, request: MergeRequest | undefined, viewer: Viewer): string {
  const { paint, nowMs } = viewer;
  const now = nowMs();
  const facts = [
    paintStatus(bead.status, `${statusGlyph(bead.status, bead.ready)} ${bead.status}`, paint),
    ...(bead.ready ? ["ready"] : []),
    bead.issueType,
    `P${bead.priority}`,
    ...(bead.rig === "" ? [] : [`rig ${bead.rig}`]),
    ...(isLower(bead.tier) ? [bead.tier] : []),
  ];
  return [
    `${paint.bold(oneLine(bead.id))}  ${oneLine(bead.title)}`,
    `  ${facts.join(" · ")}`,
    "",
    details(bead, request, viewer),
    ...section("Blocked by", bead.blockedBy, paint),
    ...section("Description", plainLines(bead.description), paint),
    ...section("Design", plainLines(bead.design), paint),
    ...section("Accepted when", plainLines(bead.acceptanceCriteria), paint),
    ...section("Notes", plainLines(bead.notes), paint),
    ...section("Metadata", metadataLines(bead), paint),
    ...section("Dependencies", bead.dependencies.map(dependencyLine), paint),
    ...section(
      "Comments",
      bead.comments.flatMap((each) => commentLines(each, now)),
      paint,
    ),
  ].join("\n");
}

function details(bead: Bead, request: MergeRequest | undefined, viewer: Viewer): string {
  const now = viewer.nowMs();
  const { claim } = bead;
  const rows = [
    ["Filed", `${ago(bead.createTime, now)}${by(bead.createdBy)}`],
    ["Changed", ago(bead.updateTime, now)],
    ["Closed", bead.closeTime ? `${ago(bead.closeTime, now)}${why(bead.closeReason)}` : ""],
    ["Deferred", bead.deferUntil ? `until ${ago(bead.deferUntil, now)}` : ""],
    ["Parent", oneLine(bead.parent)],
    ["Labels", bead.labels.map(oneLine).join(", ")],
    ["Assignee", oneLine(bead.assignee)],
    ["Owner", oneLine(bead.owner)],
    ["Reference", oneLine(bead.externalRef)],
    ["Claim", claim ? claimLine(claim, now) : ""],
    ["Merge request", request ? requestLine(request, viewer) : ""],
  ].filter(([, value]) => value !== "");
  const indented = rows.map(([name = "", value = ""]) => [`  ${name}`, value]);
  return table([{ head: "" }, { head: "" }], indented, Number.POSITIVE_INFINITY);
}

function claimLine({ epoch, polecat, machine, claimTime }: Claim, nowMs: number): string {
  const since = claimTime === undefined ? "" : `, ${ago(claimTime, nowMs)}`;
  return oneLine(`epoch ${epoch}: ${short(polecat) || "nobody yet"} on ${machine}${since}`);
}

function requestLine(request: MergeRequest, { paint }: Viewer): string {
  const place = request.position > 0 ? `, number ${request.position} in the queue` : "";
  const landed = request.landedCommit === "" ? "" : ` as ${request.landedCommit.slice(0, 12)}`;
  const state = paintMergeState(request.state, paint);
  return `${oneLine(request.id)} ${state}${landed}${place}${why(request.reason)}`;
}

function by(who: string): string {
  return who === "" ? "" : ` by ${oneLine(who)}`;
}

function why(reason: string): string {
  return reason === "" ? "" : `: ${oneLine(reason)}`;
}

function section(title: string, lines: readonly string[], paint: Terminal["paint"]): string[] {
  if (lines.every((line) => line === "")) return [];
  return ["", paint.bold(title), ...lines.map((line) => `  ${oneLine(line)}`)];
}

/** As it is said of the bead that has the edge. */
const edgeWords: Readonly<Record<string, string>> = {
  blocks: "waits for",
  "waits-for": "waits for the children of",
  "conditional-blocks": "waits for the failure of",
  "parent-child": "part of",
  "discovered-from": "discovered from",
  related: "related to",
  "relates-to": "related to",
  duplicates: "duplicate of",
  supersedes: "supersedes",
};

function dependencyLine({ type, dependsOnId }: Dependency): string {
  return `${edgeWords[type] ?? type} ${dependsOnId}`;
}

function commentLines({ author, text, createTime }: Comment, nowMs: number): string[] {
  const head = createTime === undefined ? author : `${author}, ${ago(createTime, nowMs)}`;
  return [head, ...plainLines(text).map((line) => `  ${line}`)];
}

/** A patch is not read on a page; how long it is says enough. */
function metadataLines({ metadata }: Bead): string[] {
  if (metadata === undefined || Object.keys(metadata).length === 0) return [];
  const readable = (_: string, value: unknown) =>
    typeof value === "string" && value.includes("\n")
      ? `(${value.split("\n").length} lines; --json shows them)`
      : value;
  return JSON.stringify(metadata, readable, 2).split("\n");
}
