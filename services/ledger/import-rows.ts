import { isDeepStrictEqual } from "node:util";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Bead } from "./bead.ts";
import { readBeadsLine } from "./beads-jsonl.ts";
import type { LineReport } from "./import-lines.ts";
import type { ImportedBead } from "./imported-bead.ts";
import { compareInstants, isSameCreation } from "./instant.ts";
import { renamed } from "./naming.ts";
import type { World } from "./world.ts";

/** A bead of a file, by the newest of its lines. */
export type FileRow = {
  readonly line: number;
  readonly bead: ImportedBead;
  readonly uid: string;
  /** Its name once it is filed. */
  readonly id: string;
  /** The bead as the ledger has it; undefined where it is new. */
  readonly held: Bead | undefined;
  readonly why: string | undefined;
};

/** The beads of a file in the order of its lines, and what is told of every other line. */
export type FileRows = {
  readonly rows: readonly FileRow[];
  readonly reports: readonly LineReport[];
};

/** What the caller of an import wants. */
export type ImportOptions = {
  /** No line may share another's id, and no bead may need another name than its own. */
  readonly isStrict?: boolean;
  /** Why no bead of this id may be filed; undefined where it may. */
  readonly refuseId?: (id: string) => string | undefined;
};

type Line = { readonly line: number; readonly bead: ImportedBead };
/** The lines of one bead. */
type Group = { readonly first: Line; newest: Line };

/** Read every line, and put those of one bead together. */
export function readRows(
  world: World,
  lines: readonly string[],
  { isStrict = false, refuseId = () => undefined }: ImportOptions,
): FileRows {
  const reports: LineReport[] = [];
  const groups = new Map<string, Group[]>();
  for (const [index, text] of lines.entries()) {
    if (text.trim() === "") continue;
    const read = readLine(text.replace(/\r$/, ""), index + 1, reports);
    if (!read) continue;
    const { line, bead } = read;
    const { id } = bead;
    const named = groups.get(id) ?? [];
    const refusal = isStrict && named[0] ? `${id} is on line ${named[0].first.line} already` : "";
    const why = refusal || refuseId(id);
    if (why) reports.push({ line, id, outcome: "refused", why });
    else groups.set(id, withLine(named, read, reports));
  }
  const rows: FileRow[] = [];
  for (const named of groups.values()) {
    for (const [index, group] of named.entries()) {
      const row = rowOf(world, group, index === 0 ? undefined : named[0]?.first.line);
      const { line, id, why } = row;
      if (isStrict && id !== row.bead.id && !row.held) {
        const taken = `${row.bead.id} is the name of another bead here`;
        reports.push({ line, id: row.bead.id, outcome: "refused", why: taken });
      } else rows.push({ ...row, why });
    }
  }
  return { rows: rows.sort((a, b) => a.line - b.line), reports };
}

function readLine(text: string, line: number, reports: LineReport[]): Line | undefined {
  try {
    const read = readBeadsLine(text, line);
    if (read.kind === "bead") return { line, bead: read.bead };
    reports.push({ line, outcome: "skipped", why: withoutNumber(read.why) });
  } catch (error) {
    if (!isTownError(error, "invalid")) throw error;
    reports.push({ line, outcome: "refused", why: withoutNumber(error.message) });
  }
  return undefined;
}

function withoutNumber(message: string): string {
  return message.replace(/^line \d+: /, "");
}

/** Of several lines of one bead the newest counts; the first, where none is newer. */
function withLine(named: readonly Group[], read: Line, reports: LineReport[]): Group[] {
  const { bead } = read;
  const same = named.find(({ first }) => isSameCreation(first.bead.createdAt, bead.createdAt));
  if (!same) return [...named, { first: read, newest: read }];
  const before = same.newest;
  const isNewer = compareInstants(bead.updatedAt, before.bead.updatedAt) > 0;
  if (isNewer) same.newest = read;
  const [lost, kept] = isNewer ? [before, read] : [read, before];
  const isEqual = isDeepStrictEqual(lost.bead.row, kept.bead.row);
  const why = isEqual ? `says the same as line ${kept.line}` : olderThan(lost, kept);
  const outcome = isEqual ? "unchanged" : "older";
  reports.push({ line: lost.line, id: bead.id, outcome, why });
  return [...named];
}

function olderThan(lost: Line, kept: Line): string {
  const isOlder = compareInstants(lost.bead.updatedAt, kept.bead.updatedAt) < 0;
  return `line ${kept.line} is of the same bead, and ${isOlder ? "newer" : "no older: it counts"}`;
}

/**
 * The bead of some lines, with the bead that it is here.
 *
 * @param twin the line of another bead of the same id, if there is one
 */
function rowOf(world: World, { newest }: Group, twin: number | undefined): FileRow {
  const { line, bead } = newest;
  const held = heldAs(world, bead, twin !== undefined);
  if (held) return { line, bead, uid: held.uid, id: held.id, held, why: undefined };
  const { uid, id } = bead;
  const other = world.bead(id);
  if (!other && twin === undefined) return { line, bead, uid, id, held, why: undefined };
  const name = renamed(id, uid);
  const whose = twin === undefined ? "of another bead here" : `of another bead, on line ${twin}`;
  const why = `${id} is the name ${whose}, made at another time: filed as ${name}`;
  return { line, bead, uid, id: name, held, why };
}

/** The bead that a line is about: of that uid, or of that name and made at that time. */
function heldAs(world: World, bead: ImportedBead, isTwin: boolean): Bead | undefined {
  const own = world.bead(bead.uid);
  if (own) return own;
  const named = isTwin ? undefined : world.bead(bead.id);
  return named && isSameCreation(bead.createdAt, named.createdAt) ? named : undefined;
}
