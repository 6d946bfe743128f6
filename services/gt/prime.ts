import { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import { plainLines } from "./one-line.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt prime`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[role]", "polecat, witness, mayor or crew; your own if absent")
    .addHelpText("after", example("gt prime"))
    .action(
      act(async (gt, role = "") =>
        gt.tell(MoleculeService.method.prime, { role: String(role) }, ({ page, unreadMail }) => {
          const lines = plainLines(page.trimEnd());
          const mail = `You have ${unreadMail} unread: \`gt mail inbox --unread\`.`;
          return [...lines, ...(unreadMail > 0 ? ["", mail] : [])].join("\n");
        }),
      ),
    );
};
