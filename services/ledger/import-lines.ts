import { isTownError } from "#services/rpc/town-error.ts";
import { readBeadsLine } from "./beads-jsonl.ts";
import type { Draft } from "./event.ts";
import type { ImportedBead } from "./imported-bead.ts";
import type { Ledger } from "./ledger.ts";
import type { World } from "./world.ts";

/** What became of one line of a file. */
export type LineReport = {
  /** Counted from 1. */
  readonly line: number;
  /** The bead's id here; absent where the line names none that can be read. */
  readonly id?: string;
  readonly outcome: "created" | "changed" | "unchanged" | "older" | "skipped" | "refused";
  /** What a reader should know of it, or do about it. */
  readonly why?: string;
};

/** What a file comes to here: what is to be written, and what is told of each line. */
export type ImportPlan = {
  /** Each a whole number of beads. Written in this order; any of them may be written again. */
  readonly batches: readonly (readonly Draft[])[];
  /** In the order of the file; lines that are empty have none. */
  readonly reports: readonly LineReport[];
};

const batchDraftsMax = 1_000;

/** Decide what a file of Beads' JSONL comes to. Pure: importing twice is importing once. */
export function planImport(world: World, lines: readonly string[]): ImportPlan {
  const reports: LineReport[] = [];
  const beads: ImportedBead[] = [];
  for (const [index, text] of lines.entries()) {
    if (text.trim() === "") continue;
    const line = index + 1;
    try {
      const read = readBeadsLine(text, line);
      if (read.kind === "skipped") {
        reports.push({ line, outcome: "skipped", why: read.why });
      } else if (world.bead(read.bead.uid) ?? world.bead(read.bead.id)) {
        reports.push({ line, id: read.bead.id, outcome: "unchanged" });
      } else {
        beads.push(read.bead);
        reports.push({ line, id: read.bead.id, outcome: "created" });
      }
    } catch (error) {
      if (!isTownError(error, "invalid")) throw error;
      reports.push({ line, outcome: "refused", why: error.message });
    }
  }
  const uids = new Map(beads.map(({ id, uid }) => [id, uid]));
  const drafts = beads.flatMap((b) => b.drafts((id) => uids.get(id) ?? world.bead(id)?.uid ?? id));
  const batches: Draft[][] = [];
  for (let at = 0; at < drafts.length; at += batchDraftsMax) {
    batches.push(drafts.slice(at, at + batchDraftsMax));
  }
  return { batches, reports };
}

/** Write what a plan says, batch by batch; stops between two where the signal says so. */
export async function writePlan(
  ledger: Pick<Ledger, "append">,
  actor: string,
  plan: ImportPlan,
  signal?: AbortSignal,
): Promise<void> {
  for (const batch of plan.batches) {
    signal?.throwIfAborted();
    await ledger.append(actor, batch);
  }
}
