import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { type AgentRecord, AuditService, type Count } from "#proto/gastown/v1/audit_service_pb.ts";
import { instant } from "./audit-view.ts";
import { elapsed } from "./elapsed.ts";
import { facts } from "./facts.ts";
import { oneLine } from "./one-line.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt cv`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<agent>", "its name, whole or its last part")
    .addHelpText("after", example("gt cv nux", "gt cv rigs/alpha/polecats/nux --json"))
    .action(
      act(async (gt, name: string) =>
        gt.tell(AuditService.method.getAgentRecord, { name }, ({ record }) =>
          record === undefined ? "" : recordPage(record, gt.terminal),
        ),
      ),
    );
};

/** What one agent has done, to be read. */
function recordPage(record: AgentRecord, terminal: Terminal): string {
  const { name, attempts, landed, firstTime, lastTime } = record;
  const head = terminal.paint.bold(oneLine(name));
  if (attempts === 0) return `${head}\n  no attempt has ended yet`;
  const known = facts([
    ["Attempts", `${attempts}, of which ${landed} landed`],
    ["Exits", counts(record.exits)],
    ["Rigs", counts(record.rigs)],
    ["Types", counts(record.issueTypes)],
    ["Took", `${length(record.elapsed?.p50)} (median), ${length(record.elapsed?.p90)} (p90)`],
    ["First", instant(firstTime)],
    ["Last", instant(lastTime)],
  ]);
  const rows = record.newest.map((attempt) => [
    instant(attempt.endTime),
    oneLine(attempt.bead),
    oneLine(attempt.exit),
    length(attempt.elapsed),
    oneLine(attempt.machine),
    oneLine(attempt.epoch),
    oneLine(attempt.commit).slice(0, 12),
    oneLine(attempt.title),
  ]);
  return [head, known, "", table(attemptColumns, rows, terminal.columns())].join("\n");
}

const attemptColumns = [
  { head: "ENDED" },
  { head: "BEAD" },
  { head: "EXIT" },
  { head: "TOOK", align: "right" },
  { head: "WHERE" },
  { head: "EPOCH" },
  { head: "COMMIT" },
  { head: "TITLE", gives: true },
] as const;

function counts(all: readonly Count[]): string {
  return all.map(({ name, count }) => `${oneLine(name)} ${count}`).join(", ");
}

/** A length of time, or `-`. */
export function length(duration: Duration | undefined): string {
  return duration === undefined ? "-" : elapsed(durationMs(duration));
}
