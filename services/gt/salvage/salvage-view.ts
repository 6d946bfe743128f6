import { type Salvage, SalvageState } from "#proto/gastown/v1/salvage_service_pb.ts";
import { ago } from "../elapsed.ts";
import { oneLine } from "../one-line.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

/** A first look may have to clone the rig's code. */
export const salvageTimeoutMs = 300_000;

const words: Readonly<Record<number, string>> = {
  [SalvageState.UNSPECIFIED]: "unknown",
  [SalvageState.HELD]: "held",
  [SalvageState.LEFT]: "left",
  [SalvageState.LANDED]: "landed",
  [SalvageState.RELEASED]: "released",
};

/** A state of left work in a word, painted by what it asks of people. */
export function paintSalvage(state: SalvageState, paint: Terminal["paint"]): string {
  const word = words[state] ?? "unknown";
  if (state === SalvageState.LEFT) return paint.yellow(word);
  return state === SalvageState.HELD ? paint.cyan(word) : paint.dim(word);
}

/** What an attempt holds, in words: `2 commits and uncommitted changes`. */
export function holding({ commitsAhead, hasUncommitted }: Salvage): string {
  const commits = `${commitsAhead} commit${commitsAhead === 1 ? "" : "s"}`;
  if (!hasUncommitted) return commitsAhead === 0 ? "nothing that the target lacks" : commits;
  return commitsAhead === 0 ? "uncommitted changes" : `${commits} and uncommitted changes`;
}

/** Left work, a line each. */
export function salvageTable(
  salvage: readonly Salvage[],
  { paint, nowMs, columns }: Terminal,
): string {
  const rows = salvage.map((each) => [
    oneLine(each.name),
    oneLine(each.rig),
    paintSalvage(each.state, paint),
    oneLine(each.commit).slice(0, 12),
    ago(each.saveTime, nowMs()),
    holding(each),
  ]);
  return table(salvageColumns, rows, columns());
}

const salvageColumns = [
  { head: "NAME" },
  { head: "RIG", gives: 2 },
  { head: "STATE" },
  { head: "COMMIT" },
  { head: "SAVED", align: "right" },
  { head: "HOLDS", gives: 1 },
] as const;
