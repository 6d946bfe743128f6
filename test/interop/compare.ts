import type { Ledger } from "#services/ledger/ledger.ts";
import { isDispatchable, isReady } from "#services/ledger/readiness.ts";

/** A line of a view, or what a tool says of one bead. */
export type Row = { readonly [key: string]: unknown; readonly id: string };

/** The lines of a view. */
export function rows(view: string): Row[] {
  return view
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text) as Row);
}

/** A row as both sides can say it: comments without numbers, times as instants. */
export function plain(row: Row | undefined): Record<string, unknown> {
  const text = JSON.stringify(row ?? {}, (key, value) => {
    if (key.endsWith("_at") || key === "defer_until") return Date.parse(value as string);
    return key === "comments" ? value.map((each: object) => ({ ...each, id: 0 })) : value;
  });
  return JSON.parse(text) as Record<string, unknown>;
}

/** The work that only one of us calls ready. */
export function readyOnlyAt(ledger: Ledger, ready: readonly Row[]) {
  const work = [...ledger.world.all()].filter(isDispatchable);
  const theirs = new Set(ready.map(({ id }) => id));
  const nowMs = Date.now();
  const here = new Set(work.filter((b) => isReady(b, ledger.world, nowMs)).map(({ id }) => id));
  const named = (is: (id: string, isHere: boolean) => boolean) => {
    return work
      .map(({ id }) => id)
      .filter((id) => is(id, here.has(id)))
      .sort();
  };
  return {
    ours: named((id, isHere) => isHere && !theirs.has(id)),
    theirs: named((id, isHere) => !isHere && theirs.has(id)),
  };
}
