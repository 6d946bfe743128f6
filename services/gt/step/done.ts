import { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import { stepPage } from "../molecule-view.ts";
import { oneLine } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";

/** A gate of a step is a command, which may take as long as a test suite. */
const gateTimeoutMs = 15 * 60_000;

/** Declare `gt step done`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<step>", "its name on your hook, or its id")
    .option("--summary <text>", "what was done")
    .addHelpText("after", example('gt step done implement --summary "greets by name"'))
    .action(
      act(async (gt, step: string, { summary = "" }: { summary?: string }) => {
        const request = { requestId: gt.requestId, step, summary };
        const limits = { timeoutMs: gateTimeoutMs };
        await gt.tell(
          MoleculeService.method.completeStep,
          request,
          (response) => {
            const done = `done: ${oneLine(response.step?.name ?? step)}`;
            const rest = response.next && stepPage(response.next, gt.terminal);
            return rest === undefined ? `${done}; no step is left` : `${done}\n\nNext: ${rest}`;
          },
          limits,
        );
      }),
    );
};
