import { type LedgerEvent, writerMachine } from "#services/ledger/event.ts";
import { at, type Court, type Judge } from "./court.ts";
import { firstDifference, readyInOne } from "./difference.ts";
import type { Facts } from "./facts.ts";
import type { Appended, Disk, Wiped } from "./observation.ts";
import type { Final, RunRecord } from "./record.ts";

type Kept = { readonly event: LedgerEvent; readonly by: string; readonly atMs: number };

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
    return owed.map((event) => ({ event, by: writerMachine(event.writer), atMs }));
  });
}

function judgeKept(
  court: Court,
  { finals, ending }: RunRecord,
  { owed, wiped }: { readonly owed: readonly Kept[]; readonly wiped: readonly Wiped[] },
): void {
  const lost = owed.filter(({ event }) => !finals.some((final) => holds(final, event)));
  const [first] = lost;
  if (first) tellLost(court, first, `no replica has it`, lost.length);
  if (!ending.waited) return;
  const nowhere = new Set(lost);
  for (const final of finals) {
    const { of } = final;
    const missing = owed.filter((each) => !holds(final, each.event) && !nowhere.has(each));
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

function tellLost(
  court: Court,
  { by, atMs, event: { hash } }: Kept,
  how: string,
  count: number,
): void {
  const more = count > 1 ? `, as with ${count - 1} more` : "";
  const what = `${by} was told at ${at(atMs)} that event ${hash.slice(0, 8)} is durable`;
  court.broken(1, atMs, by, `${what}, and ${how}${more}`);
}

function judgeSame({ beads }: Facts, court: Court, { finals, ending }: RunRecord): void {
  for (const [index, final] of finals.entries()) {
    const twin = finals.slice(0, index).find((other) => holdTheSame(other, final));
    if (!twin) continue;
    court.look(9);
    // An index is made anew where nobody asked for it yet, which is dear: two of them will do.
    const odd = index === 1 ? readyInOne(twin.world, final.world, ending.atMs) : undefined;
    const unready = odd === undefined ? undefined : { bead: odd, what: `whether ${odd} is ready` };
    const difference = differenceOf(twin, final, beads) ?? unready;
    if (difference === undefined) continue;
    const who = `${twin.of} and ${final.of} hold the same events`;
    court.broken(9, ending.atMs, difference.bead, `${who} and differ in ${difference.what}`);
  }
}

type Difference = { readonly bead: string; readonly what: string };

function differenceOf(a: Final, b: Final, beads: ReadonlySet<string>): Difference | undefined {
  if (a.state !== b.state) return { bead: b.of, what: "what they materialise" };
  return a.world === b.world ? undefined : firstDifference(a.world, b.world, beads);
}

function holds({ heads, hashes }: Final, { writer, seq, hash }: LedgerEvent): boolean {
  return hashes ? hashes.has(hash) : seq <= (heads?.get(writer)?.seq ?? 0);
}

function holdTheSame(a: Final, b: Final): boolean {
  if (a.hashes && b.hashes) return a.hashes === b.hashes || isSameSet(a.hashes, b.hashes);
  const [one, other] = [a.heads ?? new Map(), b.heads ?? new Map()];
  if (one.size !== other.size) return false;
  for (const [writer, { hash }] of one) if (other.get(writer)?.hash !== hash) return false;
  return true;
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false;
  for (const each of a) if (!b.has(each)) return false;
  return true;
}
