import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, createBead, releaseBead, spawnWorker } from "#services/ledger/drafts.ts";
import type { Cursor, Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { rigField } from "#services/ledger/rigs.ts";
import { completeDraft } from "./advance.ts";
import { loadRecipe, polecatWork, type Recipe } from "./library.ts";
import { pour } from "./pour.ts";
import { findStep, type MoleculeView, moleculeOf } from "./progress.ts";

/** A real ledger with the rig `alpha` and one bead in work, for tests. */
export type ScratchWork = {
  readonly ledger: Ledger;
  readonly recipe: Recipe;
  /** The work bead as it is now. */
  readonly work: () => Bead;
  readonly molecule: () => MoleculeView;
  readonly worker: Worker;
  readonly write: (...drafts: readonly Draft[]) => Promise<void>;
  /** Claim the work anew for another polecat; returns it. */
  readonly reclaim: (epoch: string, cursor?: Cursor) => Promise<Worker>;
  /** Close steps as the worker, one after the other. */
  readonly complete: (...steps: readonly string[]) => Promise<void>;
};

/** The steps before `submit`. */
export const ownSteps = [
  ...["load-context", "branch-setup", "implement", "commit", "self-review", "test"],
] as const;

/** Make one, claimed as 1.1 by `nux` and poured. Its clock counts a second for each write. */
export async function scratchWork(fields: Parameters<typeof createBead>[0]["fields"] = {}) {
  let nowMs = Date.parse("2026-01-01T00:00:00Z");
  const nextMs = () => {
    nowMs += 1_000;
    return nowMs;
  };
  const options = { dir: "/journal", machine: "vm-a", disk: new MemoryDisk(), nowMs: nextMs };
  const ledger = await openLedger(options);
  const write = async (...drafts: readonly Draft[]) => {
    await ledger.append("rigs/alpha/authority", drafts);
  };
  const gates = [{ name: "test", command: "npm test", timeoutSeconds: 60 }];
  const rig = { name: "alpha", prefix: "alpha", remote: "/remote", target: "main", gates };
  const at = { uid: derivedUid("rig", "alpha"), id: "hq-rig-alpha", issueType: "rig" };
  const work = { uid: "work", id: "alpha-1", title: "Greet by name", priority: 1, fields };
  const named = { [rigField.name]: { ...rig, machines: [], defaultRuntime: "", polecatsMax: 0 } };
  await write(createBead({ ...at, title: "alpha", fields: named }), createBead(work));
  const recipe = await loadRecipe(polecatWork);
  const worker = workerOf("nux", "1.1");
  const bead = () => ledger.world.bead("work") as Bead;
  const molecule = () => moleculeOf(ledger.world, "work") as MoleculeView;
  const reclaim = async (epoch: string, cursor?: Cursor): Promise<Worker> => {
    const next = workerOf(epoch === "1.1" ? "nux" : "slit", epoch);
    if (bead().claim) await write(releaseBead("work", bead().claim?.epoch ?? "", "lost"));
    await write(
      claimBead("work", epoch, { machine: next.machine, polecat: next.agent, cursor }),
      spawnWorker("work", next.epoch, { session: "s", machine: next.machine }),
    );
    const { world } = ledger;
    await write(...pour({ world, recipe, work: bead(), polecat: next.agent }).drafts);
    return next;
  };
  await reclaim("1.1");
  const complete = async (...steps: readonly string[]) => {
    for (const name of steps) {
      const step = findStep(molecule(), name);
      if (!step) throw new Error(`no step ${name}`);
      const done = { summary: `did ${name}`, commit: `commit-of-${name}` };
      await ledger.append(worker.agent, [completeDraft(step, worker, done)]);
    }
  };
  const scratch: ScratchWork = {
    ...{ ledger, recipe, work: bead, molecule },
    ...{ worker, write, reclaim, complete },
  };
  return scratch;
}

/** A worker of the rig `alpha` in its first incarnation under a claim. */
export function workerOf(name: string, epoch: string): Worker {
  return {
    agent: `rigs/alpha/polecats/${name}`,
    rig: "alpha",
    beadUid: "work",
    epoch: `${epoch}.0`,
    machine: "vm-a",
    worktree: `/worktrees/${name}`,
    branch: `polecat/alpha-1/${epoch}`,
  };
}
