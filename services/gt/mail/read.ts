import { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import { ago } from "../elapsed.ts";
import { facts } from "../facts.ts";
import { oneLine, plainLines } from "../one-line.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt mail read`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the message")
    .addHelpText("after", example("gt mail read hq-k3f9"))
    .action(
      act(async (gt, id: string) =>
        gt.tell(MailService.method.readMail, { id }, ({ mail }) => {
          if (mail === undefined) return "";
          const { paint, nowMs } = gt.terminal;
          const head = facts([
            ["From", mail.from],
            ["To", mail.to],
            ["Sent", ago(mail.sendTime, nowMs())],
            ["About", mail.bead],
            ["Answers", mail.replyTo],
          ]);
          const title = `${paint.bold(oneLine(mail.id))}  ${oneLine(mail.subject)}`;
          return [title, head, "", ...plainLines(mail.body)].join("\n");
        }),
      ),
    );
};
