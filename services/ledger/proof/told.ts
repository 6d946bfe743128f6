import type { Ledger } from "../ledger.ts";
import { openWork, readyBeads, workInHand } from "../readiness.ts";
import { canonical } from "./canonical.ts";

/** What a ledger is asked about. */
export type Asked = {
  readonly uids: readonly string[];
  readonly requests: readonly string[];
  readonly nowMs: number;
};

/** All that a ledger tells of what it holds: two that hold the same events tell the same. */
export function told(ledger: Ledger, { uids, requests, nowMs }: Asked): Record<string, unknown> {
  const { world } = ledger;
  return {
    canonical: canonical(world, uids, requests),
    ready: uidsOf(readyBeads(world, nowMs)),
    open: uidsOf(openWork(world)),
    inHand: uidsOf(workInHand(world)),
    everywhere: uidsOf([...world.everywhere()]),
    active: uidsOf([...world.all()]),
    histories: uids.map((uid) => ledger.history(uid).map(({ hash }) => hash)),
    log: [...ledger.log()].map(({ hash, line, bead }) => [hash, line, bead]),
    back: [...ledger.log().walk(true)].map(({ hash }) => hash),
    heads: [...ledger.heads()].sort(),
    gaps: [...ledger.gaps()].sort(),
    forks: ledger.alarms().filter(({ kind }) => kind === "fork").length > 0,
  };
}

/** Their uids, sorted; one that is there twice is there twice. */
export function uidsOf(beads: readonly { readonly uid: string }[]): string[] {
  return beads.map(({ uid }) => uid).sort();
}
