import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt shutdown`. */
export const declare: Declare = (command, act) => {
  command
    .addHelpText("after", example("gt shutdown"))
    .action(
      act(async (gt) =>
        gt.tell(
          AgentService.method.requestShutdown,
          { requestId: gt.requestId },
          () => "the Witness will end this session",
        ),
      ),
    );
};
