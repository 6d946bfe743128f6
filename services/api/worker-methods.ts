import { exit } from "./agent/exit.ts";
import { requestShutdown } from "./agent/request-shutdown.ts";
import { restartSession } from "./agent/restart-session.ts";
import { submitMergeRequest } from "./merge-queue/submit-merge-request.ts";
import { completeStep } from "./molecule/complete-step.ts";
import { getHook } from "./molecule/get-hook.ts";
import { prime } from "./molecule/prime.ts";
import type { WorkerPorts } from "./worker-ports.ts";

/** The methods that a worker calls from its session, by the service that each belongs to. */
export function workerMethods(ports: WorkerPorts) {
  return {
    molecules: {
      getHook: getHook(ports),
      completeStep: completeStep(ports),
      prime: prime(ports),
    },
    agents: {
      exit: exit(ports),
      requestShutdown: requestShutdown(ports),
      restartSession: restartSession(ports),
    },
    mergeQueue: { submitMergeRequest: submitMergeRequest(ports) },
  };
}
