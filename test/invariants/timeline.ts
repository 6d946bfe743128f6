import type { LedgerEvent } from "#services/ledger/event.ts";
import { narrate } from "#services/ledger/narrate.ts";
import type { World } from "#services/ledger/world.ts";
import { at } from "./court.ts";
import type { Appended, Fault, Observation } from "./observation.ts";
import type { RunRecord } from "./record.ts";

/** What happened is told in so many characters at most. */
const whatMax = 140;

type Line = {
  readonly atMs: number;
  readonly place: string;
  readonly actor: string;
  readonly what: string;
};

/** The story of one bead, with the faults that fell into it, as aligned lines. */
export function timeline(record: RunRecord, bead: string): string[] {
  const world = record.finals[0]?.world;
  const parts = new Set([bead, ...(world?.ofWork(bead) ?? []).map(({ uid }) => uid)]);
  const changes = world ? changesOf(record, parts, world) : new Map<string, string>();
  const names = (uid: string) => world?.bead(uid)?.id ?? uid;
  const lines = record.observations.flatMap((seen) =>
    seen.kind === "appended"
      ? eventLines(seen, parts, { changes, names })
      : (lineOf(seen, parts) ?? []),
  );
  return align(withFaults(lines, record.observations));
}

/** What each event of some beads changed, by hash. */
function changesOf(
  { observations }: RunRecord,
  parts: ReadonlySet<string>,
  world: World,
): Map<string, string> {
  const events = new Map<string, LedgerEvent[]>();
  for (const seen of observations) {
    if (seen.kind !== "appended") continue;
    for (const event of seen.events) {
      if (!parts.has(event.bead)) continue;
      events.set(event.bead, [...(events.get(event.bead) ?? []), event]);
    }
  }
  const changes = new Map<string, string>();
  for (const [uid, ofBead] of events) {
    for (const { event, changes: made, late } of narrate(uid, ofBead, world)) {
      const told = event.op === "create" ? made.filter(isOfInterest) : made;
      const fields = told.map(({ field, after }) => `${field}=${brief(after)}`);
      changes.set(event.hash, `${fields.join(" ")}${late ? " (late)" : ""}`);
    }
  }
  return changes;
}

/** Of what a new bead is, its name and what it needs; the rest is mostly the same for all. */
function isOfInterest({ field }: { readonly field: string }): boolean {
  return field === "title" || field.startsWith("blocks ");
}

function eventLines(
  { atMs, by, events }: Appended,
  parts: ReadonlySet<string>,
  say: { readonly changes: ReadonlyMap<string, string>; readonly names: (uid: string) => string },
): Line[] {
  return events.flatMap(({ bead, actor, op, epoch, hash }) => {
    if (!parts.has(bead)) return [];
    const under = epoch === undefined ? "" : ` ${epoch}`;
    const what = `${op}${under} ${say.names(bead)} ${say.changes.get(hash) ?? ""}`;
    return [{ atMs, place: by, actor, what: what.trimEnd() }];
  });
}

/** One observation of a bead, or nothing where it is of another. */
function lineOf(seen: Observation, parts: ReadonlySet<string>): Line | undefined {
  const { atMs } = seen;
  if ("bead" in seen && !parts.has(seen.bead)) {
    if (seen.kind !== "landed" || !parts.has(seen.request)) return undefined;
  }
  switch (seen.kind) {
    case "placed": {
      const { blocked, state } = seen.seen;
      const what = `places it on ${seen.on} (${state}) ${blocked.join("; ")}`.trimEnd();
      return { atMs, place: seen.by, actor: "authority", what };
    }
    case "worker":
      return { atMs, place: seen.machine, actor: seen.agent, what: `${seen.what} ${seen.epoch}` };
    case "effect": {
      const what = `${seen.what} ${seen.epoch} of ${seen.of}${seen.accepted ? "" : ": refused"}`;
      return { atMs, place: seen.machine, actor: seen.agent, what };
    }
    case "destroyed": {
      const gone = seen.work.length - seen.held.length;
      const what = `${seen.what} of ${seen.epoch} removed, ${seen.work.length} in it, ${gone} lost`;
      return { atMs, place: seen.machine, actor: "machine", what };
    }
    case "landed": {
      const what = `${seen.epoch} landed in ${seen.rig} as ${seen.commit.slice(0, 8)}`;
      return { atMs, place: seen.by, actor: "refinery", what };
    }
    default:
      return undefined;
  }
}

/** Faults between the first line and the last, and those that lasted into them. */
function withFaults(lines: readonly Line[], observations: readonly Observation[]): Line[] {
  const [first, last] = [lines[0], lines.at(-1)];
  if (!first || !last) return [];
  const faults = observations.filter((seen): seen is Fault => seen.kind === "fault");
  const near = faults.filter(
    ({ atMs, untilMs = atMs }) => untilMs >= first.atMs && atMs <= last.atMs,
  );
  const told = near.map(({ atMs, numbers, what }): Line => {
    return { atMs, place: "*", actor: `fault ${numbers.join(",")}`, what };
  });
  return [...lines, ...told].sort((a, b) => a.atMs - b.atMs);
}

function align(lines: readonly Line[]): string[] {
  const cells = lines.map(({ atMs, place, actor, what }) => {
    const short = what.length > whatMax ? `${what.slice(0, whatMax - 3)}...` : what;
    return [at(atMs), place, actor, short] as const;
  });
  const width = (column: 0 | 1 | 2) => Math.max(0, ...cells.map((cell) => cell[column].length));
  const [time, place, actor] = [width(0), width(1), width(2)];
  return cells.map((cell) =>
    [cell[0].padStart(time), cell[1].padEnd(place), cell[2].padEnd(actor), cell[3]]
      .join("  ")
      .trimEnd(),
  );
}

function brief(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
