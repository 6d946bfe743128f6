import type { WorkerPorts } from "#services/api/worker-ports.ts";
import { checkpoint } from "../polecat/checkpoint.ts";
import type { PolecatPorts } from "../polecat/ports.ts";
import { pushBranch } from "../polecat/push-branch.ts";
import { workerOf } from "../polecat/sessions.ts";

/**
 * What a machine has for the workers that it runs.
 *
 * @param ring something changed that the machine's loops may act on
 */
export function workersOf(polecats: PolecatPorts, ring: () => void): WorkerPorts {
  const { ledger, clock, sessions } = polecats;
  return {
    ledger,
    nowMs: clock.nowMs,
    worker: (principal) => {
      const session = sessions.list().find(({ agent, token, state }) => {
        return agent === principal && token !== "" && state === "running";
      });
      return session && workerOf(session);
    },
    pushBranch: (worker, signal) => pushBranch(polecats, worker, signal),
    checkpoint: (worker, signal) =>
      sessions.inTurn(worker.beadUid, () => checkpoint(polecats, worker, signal)),
    ring,
  };
}
