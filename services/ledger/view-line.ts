import type { Bead } from "./bead.ts";
import type { Json } from "./bead-state.ts";
import { toBeadsLine } from "./beads-line.ts";
import { derivedBase36 } from "./ids.ts";
import type { World } from "./world.ts";

type Row = { [key: string]: Json };

/**
 * One bead as a line of the view, which every Beads tool there is shall be able to read.
 *
 * bd before 0.62, br and bv read only numbers as ids of comments, and refuse the whole file else.
 * bd's judgement of what is blocked breaks on a `waits-for` without metadata, and it refuses a file
 * with a `deleted_at` on what is no tombstone, though older ones wrote that.
 */
export function toViewLine(bead: Bead, world: Pick<World, "state">): string {
  const line = toBeadsLine(bead, world);
  const isRestored = !bead.deleted && bead.fields["deleted_at"] !== undefined;
  const isAsItIs = bead.comments.length === 0 && !bead.dependencies.some(waits);
  if (isAsItIs && !isRestored) return line;
  const row = JSON.parse(line) as Row;
  if (isRestored) delete row["deleted_at"];
  const numbers = new Set<number>();
  for (const [index, comment] of rows(row["comments"]).entries()) {
    const id = String(comment["id"] ?? "");
    const given = commentNumber(bead.uid, id);
    // An imported line may have had one id twice, or none.
    const number = numbers.has(given) ? commentNumber(bead.uid, `${id} ${index}`) : given;
    numbers.add(number);
    comment["id"] = number;
  }
  for (const edge of rows(row["dependencies"])) {
    if (edge["type"] === "waits-for" && !edge["metadata"]) edge["metadata"] = "{}";
  }
  return JSON.stringify(row);
}

const waits = ({ type }: { readonly type: string }) => type === "waits-for";

function rows(value: Json | undefined): Row[] {
  return Array.isArray(value) ? (value as Row[]) : [];
}

/** The number by which the view names a comment: its id, or one derived from it. */
export function commentNumber(uid: string, id: string): number {
  if (/^[1-9]\d{0,14}$/.test(id)) return Number(id);
  return Number.parseInt(derivedBase36(10, "comment number", uid, id), 36); // Below 2^52.
}
