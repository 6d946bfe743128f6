import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetStatsResponseSchema, StatsSchema } from "#proto/gastown/v1/audit_service_pb.ts";
import { percentiles } from "./percentiles.ts";
import type { Timeline } from "./timeline.ts";

/** One closed bead: whose it was, and where its time went. */
export type Finished = {
  readonly rig: string;
  readonly agent: string;
  readonly issueType: string;
  readonly failed: boolean;
  readonly timeline: Timeline;
};

type Init<M> = Exclude<M, { $typeName: string }>;
type StatsInit = Init<MessageInitShape<typeof StatsSchema>> & { name: string };

const weekMs = 7 * 86_400_000;
/** The first Monday after the Unix epoch began. */
const mondayMs = 4 * 86_400_000;
/** Ten years; weeks without any are left out where an imported date would make it more. */
const weeksMax = 520;

/** Throughput, and where the time of closed work went: in all, and by each of four views. Pure. */
export function stats(
  finished: readonly Finished[],
): Init<MessageInitShape<typeof GetStatsResponseSchema>> {
  return {
    total: statsOf("", finished),
    rigs: grouped(finished, ({ rig }) => rig),
    agents: grouped(finished, ({ agent }) => agent),
    issueTypes: grouped(finished, ({ issueType }) => issueType),
    weeks: byWeek(finished),
  };
}

function statsOf(name: string, finished: readonly Finished[]): StatsInit {
  const done = finished.filter(({ failed }) => !failed);
  const lengths = (read: (timeline: Timeline) => number | undefined) =>
    percentiles(done.flatMap(({ timeline }) => read(timeline) ?? []));
  return {
    name,
    completed: done.length,
    failed: finished.length - done.length,
    lead: lengths(({ leadMs }) => leadMs),
    cycle: lengths(({ cycleMs }) => cycleMs),
    waiting: lengths(({ waitingMs }) => waitingMs),
    working: lengths(({ workingMs }) => workingMs),
    inGates: lengths(({ gatesMs }) => gatesMs),
    inQueue: lengths(({ queueMs }) => queueMs),
  };
}

/** The most productive first; what has no name is left to the total. */
function grouped(finished: readonly Finished[], nameOf: (each: Finished) => string): StatsInit[] {
  const named = [...Map.groupBy(finished, nameOf)].filter(([name]) => name !== "");
  const groups = named.map(([name, members]) => ({ ...statsOf(name, members), members }));
  groups.sort((a, b) => b.members.length - a.members.length || (a.name < b.name ? -1 : 1));
  return groups.map(({ members: _, ...group }) => group);
}

function byWeek(finished: readonly Finished[]): StatsInit[] {
  const weeks = Map.groupBy(finished, ({ timeline }) =>
    Math.floor((timeline.closedMs - mondayMs) / weekMs),
  );
  const numbers = [...weeks.keys()].sort((a, b) => a - b);
  const [first, last] = [numbers[0], numbers.at(-1)];
  if (first === undefined || last === undefined) return [];
  const span = last - first + 1;
  const shown = span > weeksMax ? numbers : Array.from({ length: span }, (_, at) => first + at);
  return shown.map((week) => statsOf(mondayOf(week), weeks.get(week) ?? []));
}

function mondayOf(week: number): string {
  return new Date(week * weekMs + mondayMs).toISOString().slice(0, 10);
}
