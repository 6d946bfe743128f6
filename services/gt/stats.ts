import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  AuditService,
  type GetStatsResponse,
  type Percentiles,
  type Stats,
} from "#proto/gastown/v1/audit_service_pb.ts";
import { barChart } from "./bars.ts";
import { length } from "./cv.ts";
import { oneLine } from "./one-line.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { type Declare, example } from "./verb.ts";
import { parseSince } from "./when.ts";

/** Declare `gt stats`. */
export const declare: Declare = (command, act) => {
  command
    .option("--rig <name>", "only of this rig")
    .option("--since <time>", "only what was closed since: 3d, 1w ago, or a date")
    .addHelpText("after", example("gt stats --rig alpha --since 4w"))
    .action(
      act(async (gt, { rig = "", since }: { rig?: string; since?: string }) => {
        const from = since === undefined ? undefined : parseSince(since, gt.terminal.nowMs());
        const request = { rig, ...(from && { since: timestampFromDate(from) }) };
        await gt.tell(AuditService.method.getStats, request, (all) => statsPage(all, gt.terminal));
      }),
    );
};

type Viewer = Pick<Terminal, "paint" | "columns">;

const weeksShown = 20;
const barColumns = 40;

const measures = [
  ["Lead", "filed to closed", ({ lead }: Stats) => lead],
  ["Cycle", "first claim to closed", ({ cycle }: Stats) => cycle],
  ["Waiting", "ready to claimed", ({ waiting }: Stats) => waiting],
  ["Working", "claimed to submitted", ({ working }: Stats) => working],
  ["In queue", "submitted, not tested", ({ inQueue }: Stats) => inQueue],
  ["In gates", "tested", ({ inGates }: Stats) => inGates],
] as const;

/** The figures as a page. */
export function statsPage(all: GetStatsResponse, terminal: Viewer): string {
  const { total, rigs, agents, issueTypes, weeks } = all;
  if (total === undefined || total.completed + total.failed === 0) return "no work is closed yet";
  const { paint } = terminal;
  const failed = total.failed === 0 ? "" : `, ${total.failed} closed as failed`;
  const latest = weeks.slice(-weeksShown);
  // The weeks before anything was done say nothing.
  const shown = latest.slice(latest.findIndex((week) => week.completed + week.failed > 0));
  return [
    `${total.completed} completed${failed}`,
    "",
    paint.bold("Completed per week"),
    barChart(
      shown.map(({ name, completed }) => ({ name, value: completed })),
      barColumns,
    ),
    "",
    times(total),
    ...view("BY RIG", rigs, terminal),
    ...view("BY AGENT", agents, terminal),
    ...view("BY TYPE", issueTypes, terminal),
    ...view(
      "BY WEEK",
      shown.filter((week) => week.completed + week.failed > 0),
      terminal,
    ),
  ].join("\n");
}

/** Where the time of all of them went. */
function times(total: Stats): string {
  const columns = [
    { head: "TIME" },
    { head: "" },
    { head: "BEADS", align: "right" },
    { head: "P50", align: "right" },
    { head: "P90", align: "right" },
    { head: "P99", align: "right" },
  ] as const;
  const rows = measures.map(([name, what, read]) => {
    const lengths = read(total);
    const { p50, p90, p99 } = lengths ?? {};
    return [name, what, String(lengths?.count ?? 0), length(p50), length(p90), length(p99)];
  });
  return table(columns, rows, Number.POSITIVE_INFINITY);
}

/** One group a line, with medians. */
function view(head: string, groups: readonly Stats[], { columns }: Viewer): string[] {
  if (groups.length === 0) return [];
  const heads = [
    { head, gives: true },
    { head: "DONE", align: "right" },
    { head: "FAILED", align: "right" },
    ...measures.map(([name]) => ({ head: name.toUpperCase(), align: "right" }) as const),
  ] as const;
  const rows = groups.map((group) => [
    oneLine(group.name),
    String(group.completed),
    String(group.failed),
    ...measures.map(([, , read]) => median(read(group))),
  ]);
  return ["", table(heads, rows, columns())];
}

function median(lengths: Percentiles | undefined): string {
  return length(lengths?.p50);
}
