import type { World } from "#services/ledger/world.ts";
import type { Change, Manner, Task } from "./work.ts";

type WorkFault = {
  readonly name: Manner | Change["kind"];
  /** The numbers of faults.md that it stands for. */
  readonly faults: readonly number[];
};

/** Faults that come with the work itself: each run has beads of each kind. */
export const workFaults: readonly WorkFault[] = [
  { name: "flaky", faults: [35] },
  { name: "pair", faults: [36] },
  { name: "poison", faults: [37] },
  { name: "uncommitted", faults: [38] },
  { name: "flood", faults: [39] },
];

/** How often each of them was met: by how many beads of its kind that somebody claimed. */
export function workMet(world: World, task: (title: string) => Task | undefined) {
  const met: Record<string, number> = {};
  for (const { title, claim } of world.ofType("task")) {
    const known = claim && task(title);
    for (const { name } of known ? workFaults : []) {
      if (name !== known?.manner && name !== known?.change.kind) continue;
      met[name] = (met[name] ?? 0) + 1;
    }
  }
  return met;
}
