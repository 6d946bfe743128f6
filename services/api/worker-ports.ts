import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { Pushed } from "#services/molecules/submit.ts";
import { TownError } from "#services/rpc/town-error.ts";

/** What the methods need that a worker calls from its session. */
export type WorkerPorts = {
  readonly ledger: Ledger;
  /** The wall clock, in ms since the Unix epoch. */
  readonly nowMs: () => number;
  /** Who calls, if it is a worker of this machine. At the town nobody is. */
  readonly worker: (principal: string) => Worker | undefined;
  /** Push the head of a worker's worktree to its branch. */
  readonly pushBranch: (worker: Worker, signal: AbortSignal) => Promise<Pushed>;
  /** Push all that its worktree holds; the commit that holds it, undefined if the remote has it. */
  readonly checkpoint: (worker: Worker, signal: AbortSignal) => Promise<string | undefined>;
  /** Something changed that the machine's loops (supervisor, Witness, Refinery) may act on. */
  readonly ring: () => void;
};

/** The ports of an endpoint that has no workers, as the town's: each of its methods says so. */
export function withoutWorkers(ledger: Ledger, nowMs: () => number): WorkerPorts {
  const never = () => Promise.reject(new Error("no worker was found, so none can push"));
  const ring = () => {};
  return { ledger, nowMs, worker: () => undefined, pushBranch: never, checkpoint: never, ring };
}

/** The worker that calls, with its bead. Throws `denied` where the caller is none. */
export function callingWorker(
  { ledger, worker }: Pick<WorkerPorts, "ledger" | "worker">,
  principal: string,
): { worker: Worker; work: Bead } {
  const found = worker(principal);
  if (!found) {
    const what = "only a polecat may do this, from its session on its own machine";
    throw new TownError("denied", `${principal} is no polecat at work here: ${what}`);
  }
  const work = ledger.world.bead(found.beadUid);
  if (work) return { worker: found, work };
  throw new TownError("state", `the bead of ${principal} has not arrived here yet`);
}
