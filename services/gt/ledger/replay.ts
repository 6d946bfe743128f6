import { exportLines } from "#services/ledger/export.ts";
import { type Position, parsePosition, replay } from "#services/ledger/replay.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { UsageError } from "../usage-error.ts";
import { type Declare, example } from "../verb.ts";
import { eventsOf, type FolderOption, takeFolder } from "./folder.ts";

/** Declare `gt ledger replay`. */
export const declare: Declare = (command, act) => {
  takeFolder(command)
    .requiredOption("--at <position>", "a time (2026-03-01T12:00:00Z), or <writer>:<seq>")
    .addHelpText("after", about)
    .addHelpText("after", example("gt ledger replay --at 2026-03-01T12:00:00Z"))
    .action(act(replayAt));
};

const about = `
At a time: all that was stamped up to it. At <writer>:<seq>: that writer's events up to it, and what
others had stamped before. Writers and numbers stand in gt history, gt audit and the segments.`;

const columns = [
  { head: "ID" },
  { head: "STATUS" },
  { head: "TYPE" },
  { head: "ASSIGNEE" },
  { head: "TITLE", gives: true },
];

function positionOf(text: string): Position {
  try {
    return parsePosition(text);
  } catch (error) {
    throw isTownError(error, "invalid") ? new UsageError(error.message) : error;
  }
}

async function replayAt(gt: Session, options: FolderOption & { at: string }): Promise<void> {
  const position = positionOf(options.at);
  const world = replay((await eventsOf(gt, options)).events, position);
  if (gt.json) {
    for (const line of exportLines(world)) gt.terminal.write(`${line}\n`);
    return;
  }
  const beads = [...world.everywhere()].filter(({ deleted }) => !deleted);
  const sorted = beads.sort((a, b) => (a.id < b.id ? -1 : 1));
  const rows = sorted.map(({ id, status, issueType, assignee, title }) => {
    return [id, status, issueType, assignee, title].map(oneLine);
  });
  const none = `no beads at ${options.at}`;
  gt.printValue(undefined, rows.length === 0 ? none : table(columns, rows, gt.terminal.columns()));
}
