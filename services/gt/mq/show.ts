import {
  type GateResult,
  MergeQueueService,
  type MergeRequest,
} from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { ago, elapsed } from "../elapsed.ts";
import { facts } from "../facts.ts";
import { paintMergeState } from "../glyphs.ts";
import { oneLine, plainLines } from "../one-line.ts";
import type { Terminal } from "../terminal.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt mq show`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the request's id, or its bead's")
    .addHelpText("after", example("gt mq show alpha-k3f9"))
    .action(
      act(async (gt, id: string) =>
        gt.tell(MergeQueueService.method.getMergeRequest, { id }, ({ mergeRequest }) =>
          mergeRequest === undefined ? "" : page(mergeRequest, gt.terminal),
        ),
      ),
    );
};

function page(request: MergeRequest, { paint, nowMs }: Terminal): string {
  const now = nowMs();
  return [
    `${paint.bold(oneLine(request.id))}  ${paintMergeState(request.state, paint)}`,
    facts([
      ["Bead", `${request.bead} (epoch ${request.epoch})`],
      ["Rig", request.rig],
      ["Worker", request.worker],
      ["Branch", `${request.branch} → ${request.target}`],
      ["Commit", request.commit],
      ["Place", request.position === 0 ? "" : `number ${request.position} in the queue`],
      ["Attempts", String(request.attempts)],
      ["Submitted", ago(request.submitTime, now)],
      ["Settled", request.settleTime === undefined ? "" : ago(request.settleTime, now)],
      ["Landed as", request.landedCommit],
      ["Reason", request.reason],
    ]),
    ...request.gates.flatMap((gate) => gateLines(gate, paint)),
  ].join("\n");
}

/** What a gate printed matters where it failed. */
function gateLines(result: GateResult, paint: Terminal["paint"]): string[] {
  const { gate, passed, exitCode, elapsedMs, commit, output } = result;
  const verdict = passed ? paint.green("passed") : paint.red(`failed with exit code ${exitCode}`);
  const where = `on ${commit.slice(0, 12)} in ${elapsed(Number(elapsedMs))}`;
  const head = `Gate ${oneLine(gate)} ${verdict} ${where}`;
  const lines = passed ? [] : plainLines(output.trimEnd()).map((line) => `  ${line}`);
  return ["", head, ...lines];
}
