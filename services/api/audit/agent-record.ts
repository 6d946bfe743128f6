import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { AgentRecordSchema } from "#proto/gastown/v1/audit_service_pb.ts";
import type { Digest } from "#services/ledger/work-fields.ts";
import { timestampOf } from "../bead-message.ts";
import { percentiles } from "./percentiles.ts";

/** One attempt as a digest, with what its bead says of itself; empty where the bead is not here. */
export type Recorded = {
  readonly digest: Digest;
  readonly title: string;
  readonly issueType: string;
  readonly rig: string;
};

type AgentRecordInit = Exclude<MessageInitShape<typeof AgentRecordSchema>, { $typeName: string }>;

const newestMax = 10;
const lost = "LOST";

/** What one agent has done: the sum of its digests. Pure. */
export function agentRecord(name: string, digests: readonly Recorded[]): AgentRecordInit {
  const sorted = [...digests].sort((a, b) => endMs(b) - endMs(a));
  const [newest, oldest] = [sorted[0], sorted.at(-1)];
  const [first, last] = [
    timestampOf(oldest?.digest.startedAt),
    timestampOf(newest?.digest.endedAt),
  ];
  return {
    name,
    attempts: sorted.length,
    landed: sorted.filter(({ digest }) => digest.commit !== "").length,
    exits: count(sorted.map(({ digest }) => digest.exit || lost)),
    rigs: count(sorted.map(({ rig }) => rig)),
    issueTypes: count(sorted.map(({ issueType }) => issueType)),
    elapsed: percentiles(sorted.map(({ digest }) => digest.elapsedMs)),
    newest: sorted.slice(0, newestMax).map(attempt),
    ...(first && { firstTime: first }),
    ...(last && { lastTime: last }),
  };
}

function attempt({ digest, title }: Recorded) {
  const endTime = timestampOf(digest.endedAt);
  return {
    bead: digest.bead,
    title,
    machine: digest.machine,
    epoch: digest.epoch,
    exit: digest.exit || lost,
    elapsed: durationFromMs(Math.round(digest.elapsedMs)),
    commit: digest.commit,
    steps: digest.steps.length,
    ...(endTime && { endTime }),
  };
}

function endMs({ digest }: Recorded): number {
  return Date.parse(digest.endedAt) || 0;
}

/** How often each name occurs, the most frequent first. */
function count(names: readonly string[]): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    if (name !== "") counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, times]) => ({ name, count: times }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}
