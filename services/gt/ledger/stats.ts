import { stampTime } from "#services/ledger/clock.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import { replay } from "#services/ledger/replay.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";
import { eventsOf, type FolderOption, takeFolder } from "./folder.ts";

/** Declare `gt ledger stats`. */
export const declare: Declare = (command, act) => {
  takeFolder(command)
    .addHelpText("after", example("gt ledger stats --dir ~/.gastown/town"))
    .action(act(stats));
};

async function stats(gt: Session, options: FolderOption): Promise<void> {
  const figures = figuresOf(await eventsOf(gt, options));
  const { events, segments, bytes, beads, first, last } = figures;
  const writers = Object.entries(figures.byWriter);
  const lines = [
    `events: ${events}, writers: ${writers.length}, segments: ${segments}, bytes: ${bytes}`,
    ...(first === "" ? [] : [`from ${first} to ${last}`]),
    beads === 0 ? "beads: 0" : `beads: ${beads} (${counts(figures.statuses)})`,
    ...named("tiers", figures.tiers),
    ...named("types", figures.types),
    ...named("operations", figures.operations),
    ...writers.slice(0, writersShown).map(([writer, count]) => `  ${writer}  ${count}`),
    ...(writers.length > writersShown
      ? [`  … ${writers.length - writersShown} more writers; --json names them`]
      : []),
  ];
  gt.printValue(figures, lines.join("\n"));
}

const writersShown = 10;

function named(what: string, of: Record<string, number>): string[] {
  return Object.keys(of).length === 0 ? [] : [`${what}: ${counts(of)}`];
}

function counts(of: Record<string, number>): string {
  return Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

function figuresOf({ segments, events }: Awaited<ReturnType<typeof eventsOf>>) {
  const beads = [...replay(events).everywhere()];
  const times = events.map(({ clock }) => clock).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const [first, last] = [times[0], times.at(-1)];
  const byWriter = tally(events.map(({ writer }: LedgerEvent) => writer));
  return {
    segments: segments.length,
    bytes: segments.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
    writers: Object.keys(byWriter).length,
    events: events.length,
    beads: beads.length,
    first: first ? stampTime(first) : "",
    last: last ? stampTime(last) : "",
    statuses: tally(beads.map(({ status }) => status)),
    tiers: tally(beads.map(({ tier }) => tier)),
    types: tally(beads.map(({ issueType }) => issueType)),
    operations: tally(events.map(({ op }) => op)),
    byWriter,
  };
}

/** How often each name occurs, the most frequent first. */
function tally(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}
