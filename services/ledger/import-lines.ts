import type { Draft } from "./event.ts";
import { cyclesOf } from "./import-cycles.ts";
import { type FileRow, type ImportOptions, readRows } from "./import-rows.ts";
import type { Ledger } from "./ledger.ts";
import { editsOfRow } from "./row-edits.ts";
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
  /** The beads of the file by uid, in its order, where they are not refused. */
  readonly beads: readonly { readonly uid: string; readonly id: string }[];
};

const batchDraftsMax = 1_000;

/**
 * Decide what a file of Beads' JSONL comes to: what is new is filed, what is newer than what the
 * ledger holds by `updated_at` changes it, what is older changes nothing.
 *
 * Pure. Importing twice is importing once, also where the first time was cut short. A bead that
 * has no line is not touched.
 *
 * @param options strict: the caller writes nothing where a report says `refused`
 */
export function planImport(
  world: World,
  lines: readonly string[],
  options: ImportOptions = {},
): ImportPlan {
  const { rows, reports: others } = readRows(world, lines, options);
  const uids = new Map<string, string>();
  for (const { bead, uid } of rows) if (!uids.has(bead.id)) uids.set(bead.id, uid);
  // A target's uid, in the file or in the ledger; else its id, which may arrive later.
  const resolve = (id: string) => uids.get(id) ?? world.bead(id)?.uid ?? id;
  const decided = rows.map((row) => decide(world, row, resolve));
  const cycles = cyclesOf(world, rows, resolve);
  const told = decided.map(({ report }, index) => {
    const cycle = cycles.get(rows[index]?.uid ?? "");
    return cycle ? inCycle(report, cycle, options) : report;
  });
  return {
    batches: batchesOf(decided.map(({ drafts }) => drafts)),
    reports: [...others, ...told].sort((a, b) => a.line - b.line),
    beads: rows.map(({ uid, id }) => ({ uid, id })),
  };
}

type Decided = { readonly report: LineReport; readonly drafts: readonly Draft[] };

function decide(world: World, row: FileRow, resolve: (id: string) => string): Decided {
  const { line, id, bead, held, why } = row;
  if (!held) {
    const report: LineReport = { line, id, outcome: "created", ...(why !== undefined && { why }) };
    return { report, drafts: bead.drafts(resolve) };
  }
  const { drafts, ...outcome } = editsOfRow(world, held, bead, resolve);
  return { report: { line, id, ...outcome }, drafts };
}

/** Whoever imports a folder has no other file; the town's work must not wait for itself. */
function inCycle(
  report: LineReport,
  cycle: readonly string[],
  { isStrict }: ImportOptions,
): LineReport {
  const { outcome, why } = report;
  if (outcome !== "created" && outcome !== "changed") return report;
  const path = `a cycle of dependencies: ${cycle.join(" → ")}`;
  if (isStrict) return { ...report, outcome: "refused", why: path };
  const note = `${path}; the newest edge in it holds nobody back`;
  return { ...report, why: why === undefined ? note : `${why}; ${note}` };
}

/** A bead is never cut in two: its last event is the one that says that it is whole. */
function batchesOf(beads: readonly (readonly Draft[])[]): Draft[][] {
  const batches: Draft[][] = [];
  let batch: Draft[] = [];
  for (const drafts of beads) {
    if (drafts.length === 0) continue;
    if (batch.length > 0 && batch.length + drafts.length > batchDraftsMax) {
      batches.push(batch);
      batch = [];
    }
    batch.push(...drafts);
  }
  return batch.length > 0 ? [...batches, batch] : batches;
}

/** Write what a plan says, batch by batch; stops between two where the signal says so. */
export async function writePlan(
  ledger: Pick<Ledger, "append">,
  actor: string,
  plan: Pick<ImportPlan, "batches">,
  signal?: AbortSignal,
): Promise<void> {
  for (const batch of plan.batches) {
    signal?.throwIfAborted();
    await ledger.append(actor, batch);
  }
}
