import type { Worker } from "#services/identity/worker.ts";
import type { ScratchWork } from "#services/molecules/scratch-work.ts";
import type { Pushed } from "#services/molecules/submit.ts";
import type { CallContext } from "#services/rpc/method.ts";
import type { WorkerPorts } from "./worker-ports.ts";

/** The context of one call, for tests. */
export function callBy(principal: string, requestId: string): CallContext {
  const { signal } = new AbortController();
  return { principal, requestId, signal, deadlineMs: undefined, token: undefined };
}

/** Ports over a scratch ledger whose only workers are those given; the branch holds `pushed`. */
export function scratchPorts(
  { ledger, worker }: ScratchWork,
  more: {
    readonly workers?: readonly Worker[];
    readonly pushed?: Partial<Pushed>;
    readonly checkpoint?: WorkerPorts["checkpoint"];
  } = {},
): WorkerPorts & { readonly rung: () => number } {
  const workers = more.workers ?? [worker];
  let rings = 0;
  return {
    ledger,
    nowMs: () => Date.parse("2026-01-01T00:00:00Z"),
    worker: (principal) => workers.find(({ agent }) => agent === principal),
    pushBranch: async () => ({ commit: "pushed", dirty: [], ahead: 1, ...more.pushed }),
    checkpoint: more.checkpoint ?? (async () => "saved"),
    ring: () => {
      rings += 1;
    },
    rung: () => rings,
  };
}
