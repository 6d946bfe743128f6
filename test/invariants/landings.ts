import { claimEpoch } from "#services/ledger/epoch.ts";
import { at, type Court, type Judge } from "./court.ts";
import type { Facts } from "./facts.ts";
import type { Gate, Landed } from "./observation.ts";

/** 3 and 6: an attempt lands once, and as the tree that was tested. */
export function landingsJudge(facts: Facts, court: Court): Judge {
  /** `<rig> <tree> <gate>` of what passed. */
  const passed = new Set<string>();
  return {
    hears: {
      gate: ({ rig, tree, gate, passed: ok }: Gate) => {
        if (ok) passed.add(`${rig} ${tree} ${gate}`);
      },
      landed: (seen) => {
        judgeOnce(facts, court, seen);
        judgeTested(facts, court, passed, seen);
      },
    },
  };
}

function judgeOnce(facts: Facts, court: Court, seen: Landed): void {
  const { epoch, request, commit, atMs, by } = seen;
  const bead = facts.workOf(seen);
  court.look(3);
  for (const other of facts.landed.get(bead) ?? []) {
    const isSame = claimEpoch(other.epoch) === claimEpoch(epoch) || other.request === request;
    if (!isSame || !facts.code[seen.rig]?.contains(commit, other.commit)) continue;
    const first = `${other.by} landed it as ${short(other.commit)} at ${at(other.atMs)}`;
    const again = `${by} again as ${short(commit)} at ${at(atMs)}`;
    court.broken(3, atMs, bead, `attempt ${epoch} landed twice: ${first}, ${again}`);
  }
}

function judgeTested(
  { code }: Facts,
  court: Court,
  passed: ReadonlySet<string>,
  { rig, tree, commit, bead, atMs, by }: Landed,
): void {
  const gates = code[rig]?.gates ?? [];
  court.look(6, gates.length);
  for (const gate of gates) {
    if (passed.has(`${rig} ${tree} ${gate}`)) continue;
    const what = `${by} landed ${short(commit)} in ${rig} at ${at(atMs)}`;
    court.broken(6, atMs, bead, `${what}, and ${gate} had not passed on its tree ${short(tree)}`);
  }
}

function short(hash: string): string {
  return hash.slice(0, 8);
}
