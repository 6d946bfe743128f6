import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ExitKind,
  ExitRequestSchema,
  RequestShutdownRequestSchema,
} from "#proto/gastown/v1/agent_service_pb.ts";
import { SubmitMergeRequestRequestSchema } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { CompleteStepRequestSchema } from "#proto/gastown/v1/molecule_service_pb.ts";
import { workerMethods } from "#services/api/worker-methods.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { rejectionsField } from "#services/ledger/work-fields.ts";
import { type MoleculeView, moleculeOf } from "#services/molecules/progress.ts";
import type { CallContext } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { workersOf } from "../../rig-agent/local-api/workers-of.ts";
import type { PolecatPorts } from "../../rig-agent/polecat/ports.ts";
import type { SimProcess } from "./timeline.ts";

/** What hangs on a worker's hook. */
export type Hook = {
  readonly work: Bead;
  readonly molecule: MoleculeView;
  readonly rejections: number;
};

/** What a worker may call at its machine's rig-agent; each throws as the real methods do. */
export type WorkerCalls = {
  readonly hook: () => Promise<Hook>;
  readonly completeStep: (step: string, summary: string) => Promise<unknown>;
  readonly submit: () => Promise<unknown>;
  readonly exit: (kind: "COMPLETED" | "ESCALATE", summary: string) => Promise<unknown>;
  readonly shutdown: () => Promise<unknown>;
};

/** The socket of one rig-agent's process. */
export type Endpoint = {
  readonly process: SimProcess;
  /** What whoever has this token may call, as this request. Throws `denied` for a dead token. */
  readonly calls: (token: string, requestId: string) => WorkerCalls;
};

/** Serve a machine's workers from its real methods, as its socket does. */
export function openEndpoint(
  process: SimProcess,
  polecats: PolecatPorts,
  ring: () => void,
): Endpoint {
  const { ledger, sessions } = polecats;
  const methods = workerMethods(workersOf(polecats, ring));
  const { signal } = new AbortController();
  return {
    process,
    calls: (token, requestId) => {
      const session = sessions.byToken(token);
      if (!session) {
        throw new TownError("denied", "this session is over: its token opens nothing any more");
      }
      const principal = session.agent;
      const context: CallContext = { principal, requestId, signal, deadlineMs: undefined, token };
      return {
        hook: async () => {
          const work = ledger.world.bead(session.bead);
          const molecule = work && moleculeOf(ledger.world, work.uid);
          if (!molecule) throw new TownError("state", "nothing hangs on the hook");
          return { work, molecule, rejections: rejectionsField.read(work) ?? 0 };
        },
        ...callsOf(methods, requestId, context),
      };
    },
  };
}

function callsOf(
  { molecules, mergeQueue, agents }: ReturnType<typeof workerMethods>,
  requestId: string,
  context: CallContext,
): Omit<WorkerCalls, "hook"> {
  const exit = (init: MessageInitShape<typeof ExitRequestSchema>) =>
    agents.exit(create(ExitRequestSchema, { requestId, ...init }), context);
  return {
    completeStep: (step, summary) => {
      const request = create(CompleteStepRequestSchema, { requestId, step, summary });
      return molecules.completeStep(request, context);
    },
    submit: () => {
      const request = create(SubmitMergeRequestRequestSchema, { requestId });
      return mergeQueue.submitMergeRequest(request, context);
    },
    exit: (kind, summary) => exit({ kind: ExitKind[kind], summary }),
    shutdown: () =>
      agents.requestShutdown(create(RequestShutdownRequestSchema, { requestId }), context),
  };
}
