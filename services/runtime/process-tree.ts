import type { ProcessRow, ProcessTable } from "./process-table.ts";
import type { Session } from "./runtime.ts";

/** The variable by which a session's processes are known wherever they went. */
export const markerVariable = "GT_SESSION";

/**
 * Which processes belong to a session: its root, what stands in the root's group, whatever carries
 * its marker, and all descendants of these. Pure.
 *
 * @param carriers pids that carry the session's marker
 */
export function sessionMembers(
  session: Session,
  rows: readonly ProcessRow[],
  carriers: ReadonlySet<number>,
): readonly ProcessRow[] {
  const root = rows.find(({ pid }) => pid === session.pid);
  const isRoot = root !== undefined && root.startTime === session.startTime;
  // With the root gone, the group's number may mean somebody else's group by now.
  const inGroup = (row: ProcessRow) => isRoot && row.group === session.pid;
  const members = new Map<number, ProcessRow>();
  for (const row of rows) {
    const own = isRoot && row.pid === session.pid;
    if (own || inGroup(row) || carriers.has(row.pid)) members.set(row.pid, row);
  }
  for (let grown = members.size > 0; grown; ) {
    grown = false;
    for (const row of rows) {
      if (members.has(row.pid) || !members.has(row.parent)) continue;
      members.set(row.pid, row);
      grown = true;
    }
  }
  return [...members.values()].filter(({ dead }) => !dead);
}

/** The living processes of a session, as the system lists them now. */
export async function listMembers(
  session: Session,
  table: ProcessTable,
): Promise<readonly ProcessRow[]> {
  const rows = await table.all();
  return sessionMembers(session, rows, await carriersOf(session.marker, rows, table));
}

/** The process that a marker was given to first: the root, while it lives. */
export async function findRoot(
  marker: string,
  table: ProcessTable,
): Promise<ProcessRow | undefined> {
  const rows = (await table.all()).filter(({ dead }) => !dead);
  const carriers = await carriersOf(marker, rows, table);
  const leaders = rows.filter((row) => carriers.has(row.pid) && row.group === row.pid);
  return leaders.sort((a, b) => a.age - b.age || a.pid - b.pid)[0];
}

async function carriersOf(
  marker: string,
  rows: readonly ProcessRow[],
  table: ProcessTable,
): Promise<ReadonlySet<number>> {
  const carries = await Promise.all(
    rows.map(({ pid }) => table.carries(pid, markerVariable, marker)),
  );
  return new Set(rows.filter((_, at) => carries[at]).map(({ pid }) => pid));
}
