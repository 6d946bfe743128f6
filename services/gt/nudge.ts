import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { oneLine } from "./one-line.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt nudge`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<agent>", "an agent's name, or a polecat's short name")
    .argument("[message]", "what to say", "How is it going? If there is work on your hook, run it.")
    .addHelpText("after", example('gt nudge nux "the test is flaky, run it again"'))
    .action(
      act(async (gt, name: string, message: string) => {
        const request = { requestId: gt.requestId, name, message };
        await gt.tell(AgentService.method.nudgeAgent, request, ({ delivered }) =>
          oneLine(`nudged ${name} by ${delivered}`),
        );
      }),
    );
};
