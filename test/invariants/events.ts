import { writerMachine } from "#services/ledger/event.ts";
import { at, type Court, type Judge } from "./court.ts";
import { firstDifference } from "./difference.ts";
import type { Facts } from "./facts.ts";
import type { Appended, Disk, Wiped } from "./observation.ts";
import type { Final, RunRecord } from "./record.ts";

type Kept = { readonly hash: string; readonly by: string; readonly atMs: number };

/** 1, 9 and 17: what was acknowledged stays, the same everywhere, whatever was wiped. */
export function eventsJudge(facts: Facts, court: Court): Judge {
  const acknowledged: Appended[] = [];
  const disks: Disk[] = [];
  const wiped: Wiped[] = [];
  return {
    hears: {
      appended: (seen) => void acknowledged.push(seen),
      disk: (seen) => void disks.push(seen),
      wiped: (seen) => void wiped.push(seen),
    },
    ends: (record) => {
      const owed = owedEvents(acknowledged, disks);
      court.look(1, owed.length);
      judgeKept(court, record, { owed, wiped });
      judgeSame(facts, court, record);
    },
  };
}

/** Acknowledged events, but for those that went with the only disk that had them. */
function owedEvents(acknowledged: readonly Appended[], disks: readonly Disk[]): Kept[] {
  return acknowledged.flatMap(({ by, atMs, events }) => {
    const losses = disks.filter((disk) => disk.machine === by && disk.atMs >= atMs);
    const owed = events.filter(({ hash }) => losses.every(({ held }) => held.has(hash)));
    return owed.map(({ hash, writer }) => ({ hash, by: writerMachine(writer), atMs }));
  });
}

function judgeKept(
  court: Court,
  { finals, ending }: RunRecord,
  { owed, wiped }: { readonly owed: readonly Kept[]; readonly wiped: readonly Wiped[] },
): void {
  const lost = owed.filter(({ hash }) => !finals.some(({ hashes }) => hashes.has(hash)));
  const [first] = lost;
  if (first) tellLost(court, first, `no replica has it`, lost.length);
  if (!ending.waited) return;
  const nowhere = new Set(lost.map(({ hash }) => hash));
  for (const { of, hashes } of finals) {
    const missing = owed.filter(({ hash }) => !hashes.has(hash) && !nowhere.has(hash));
    const wipes = wiped.filter((wipe) => wipe.of === "" || wipe.of === of);
    court.look(17, wipes.length);
    const [one] = missing;
    if (!one) continue;
    const wipe = wipes.find(({ atMs }) => atMs >= one.atMs);
    if (!wipe) tellLost(court, one, `${of} never got it`, missing.length);
    else {
      const what = `${of} lost its ${wipe.what} at ${at(wipe.atMs)}`;
      const back = `and has not got back ${missing.length} events, one of ${one.by}`;
      court.broken(17, ending.atMs, of, `${what} ${back} of ${at(one.atMs)}`);
    }
  }
}

function tellLost(court: Court, { by, atMs, hash }: Kept, how: string, count: number): void {
  const more = count > 1 ? `, as with ${count - 1} more` : "";
  const what = `${by} was told at ${at(atMs)} that event ${hash.slice(0, 8)} is durable`;
  court.broken(1, atMs, by, `${what}, and ${how}${more}`);
}

function judgeSame({ beads }: Facts, court: Court, { finals, ending }: RunRecord): void {
  for (const [index, final] of finals.entries()) {
    const twin = finals.slice(0, index).find((other) => isSameSet(other.hashes, final.hashes));
    if (!twin) continue;
    court.look(9);
    const difference = differenceOf(twin, final, beads, ending.atMs);
    if (difference === undefined) continue;
    const who = `${twin.of} and ${final.of} hold the same ${final.hashes.size} events`;
    court.broken(9, ending.atMs, difference.bead, `${who} and differ in ${difference.what}`);
  }
}

type Difference = { readonly bead: string; readonly what: string };

function differenceOf(
  a: Final,
  b: Final,
  beads: ReadonlySet<string>,
  nowMs: number,
): Difference | undefined {
  if (a.state !== b.state) return { bead: b.of, what: "what they materialise" };
  return a.world === b.world ? undefined : firstDifference(a.world, b.world, beads, nowMs);
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const each of a) if (!b.has(each)) return false;
  return true;
}
