import type { Draft } from "#services/ledger/event.ts";
import type { Change, Ledger } from "#services/ledger/ledger.ts";
import { machineNamed, serves } from "#services/ledger/machines.ts";
import { blockedBy, readyBeads, slingOf } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import { workField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { Folded, Placed } from "./observation.ts";
import type { Final } from "./record.ts";
import type { Recorder } from "./recorder.ts";

/** Whose ledger is recorded, and where its observations go. */
export type Recording = {
  readonly recorder: Pick<Recorder, "see">;
  /** The machine, or `town`. */
  readonly by: string;
  /** The observer's clock. */
  readonly nowMs: () => number;
};

/**
 * A ledger that behaves as the given one, and of which is taken down what it acknowledges, what its
 * process knew as it made a claim, and how beads look that were closed.
 */
export function recordLedger(ledger: Ledger, recording: Recording): Ledger {
  const { recorder, by, nowMs } = recording;
  const ended = new Set<string>();
  ledger.onChange((change) => {
    const folded = foldedOf(change, { by, ended, world: ledger.world, atMs: nowMs() });
    if (folded) recorder.see(folded);
  });
  return {
    ...ledger,
    append: async (actor, drafts) => {
      const placed = drafts.flatMap((draft) => placedOf(draft, ledger.world, by, nowMs()) ?? []);
      for (const each of placed) recorder.see(each);
      const events = await ledger.append(actor, drafts);
      if (events.length > 0) recorder.see({ kind: "appended", atMs: nowMs(), by, events });
      return events;
    },
  };
}

/** One replica as it is at the end. */
export function finalOf(of: string, ledger: Pick<Ledger, "world" | "heads">): Final {
  return { of, heads: ledger.heads(), world: ledger.world };
}

/** What is known at a place as it makes a claim; undefined for any other draft. */
export function placedOf(draft: Draft, world: World, by: string, atMs: number): Placed | undefined {
  if (draft.op !== "claim") return undefined;
  const bead = world.bead(draft.bead);
  const rig = bead && rigOf(bead, world)?.rig;
  const on = draft.values.machine;
  const host = machineNamed(world, on);
  const isFree = readyBeads(world, atMs).some(({ uid }) => uid === draft.bead);
  return {
    kind: "placed",
    atMs,
    by,
    bead: draft.bead,
    epoch: draft.epoch ?? "",
    rig: rig?.name ?? "",
    on,
    seen: {
      state: host === undefined ? "unknown" : host.lostSince === undefined ? host.state : "lost",
      serves: host !== undefined && rig !== undefined && serves(host.machine, rig),
      pinned: (bead && slingOf(bead, world)?.machine) ?? "",
      blocked: isFree ? [] : bead ? reasons(blockedBy(bead, world, atMs)) : ["it is not known"],
    },
  };
}

function reasons(blocked: readonly string[]): readonly string[] {
  return blocked.length === 0 ? ["it is no open work"] : blocked;
}

/** How a bead looks that a close was written of; undefined for all the others. */
function foldedOf(
  change: Change,
  seen: { by: string; ended: Set<string>; world: World; atMs: number },
): Folded | undefined {
  const { event } = change;
  const { by, ended, world, atMs } = seen;
  if (event.op !== "close" && !ended.has(event.bead)) return undefined;
  const { bead } = change;
  if (!bead) return undefined;
  // Steps and molecules follow the claims of their work: a new attempt opens them again.
  const isAttempts = workField.read(bead) !== undefined && bead.issueType !== "merge-request";
  if (isAttempts) return undefined;
  const isEnded = bead.status === "closed" || bead.deleted;
  if (isEnded) ended.add(event.bead);
  else ended.delete(event.bead);
  const isHolder = rigOf(bead, world)?.authority?.machine === by;
  return { kind: "folded", atMs, by, bead: event.bead, isHolder, isEnded, op: event.op };
}
