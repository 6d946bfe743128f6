import type { Json } from "#services/ledger/bead-state.ts";
import { readBeadsLine } from "#services/ledger/beads-jsonl.ts";
import type { Row } from "#services/ledger/foreign-edit.ts";
import type { ImportedBead } from "#services/ledger/imported-bead.ts";
import { leaveConflicts, type ViewDiff, type ViewLine } from "#services/ledger/view-diff.ts";
import { isTownError } from "#services/rpc/town-error.ts";

/** A commit of `main` that none of ours made, and whose it is. */
export type ForeignCommit = {
  readonly commit: string;
  readonly parents: readonly string[];
  readonly email: string;
  /** When it was made, ms since the epoch. */
  readonly atMs: number;
};

/** A line that a commit changed: as it is there, and as those parents had it that had it. */
export type ChangedLine = {
  readonly number: number;
  readonly row: Row;
  readonly bead: ImportedBead;
  readonly parents: readonly Row[];
};

/** What a commit did to the view, and what of it cannot be read; a sentence each. */
export type Changed = {
  readonly lines: readonly ChangedLine[];
  readonly faults: readonly string[];
};

/** How many bad lines of one commit are told of one by one. */
const faultsMax = 20;

/**
 * What a commit changed in the view, by its differences from each parent. A line that vanished is
 * no change: nothing is deleted by leaving it out.
 */
export function changedLines(diffs: readonly ViewDiff[]): Changed {
  const [first, ...others] = diffs;
  if (!first) return { lines: [], faults: [] };
  const { lines: came, conflicts } = leaveConflicts(first.came);
  const faults: string[] = [];
  if (conflicts.length > 0) {
    const range = `lines ${conflicts[0]} to ${conflicts.at(-1)}`;
    faults.push(`${range}: a merge conflict that nobody resolved; neither side was taken`);
  }
  const before = diffs.map(({ went }) => rowsById(went));
  const found = new Map<string, ChangedLine>();
  for (const { number, text } of came) {
    // Some parent has exactly this line: the merge took it from there.
    if (!others.every((diff) => diff.came.some((each) => each.number === number))) continue;
    const read = readLine(text, number, faults);
    if (!read) continue;
    const { id } = read.bead;
    const parents = before.map((rows) => rows.get(id)).filter((each) => each !== undefined);
    const twin = found.get(id);
    if (twin)
      faults.push(`line ${number}: ${id} is on line ${twin.number} already; the newer counts`);
    if (!twin || isLater(read.row, twin.row)) found.set(id, { number, ...read, parents });
  }
  const more = faults.length - faultsMax;
  const told = more > 0 ? [...faults.slice(0, faultsMax), `and ${more} more lines`] : faults;
  return { lines: [...found.values()], faults: told };
}

function readLine(text: string, number: number, faults: string[]) {
  try {
    const read = readBeadsLine(text, number);
    return read.kind === "bead" ? { bead: read.bead, row: JSON.parse(text) as Row } : undefined;
  } catch (error) {
    if (!isTownError(error, "invalid")) throw error;
    faults.push(error.message);
    return undefined;
  }
}

/** A parent's lines that can be read; what cannot was never taken in, so it is not there. */
function rowsById(lines: readonly ViewLine[]): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const { text, number } of lines) {
    const read = text.trim() === "" ? undefined : readLine(text, number, []);
    if (read) rows.set(read.bead.id, read.row);
  }
  return rows;
}

function isLater(a: Row, b: Row): boolean {
  return timeOf(a["updated_at"]) > timeOf(b["updated_at"]);
}

function timeOf(value: Json | undefined): number {
  return typeof value === "string" ? Date.parse(value) || 0 : 0;
}
