import { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";

type Options = {
  readonly subject: string;
  readonly message?: string;
  readonly reply?: string;
  readonly bead?: string;
};

/** Declare `gt mail send`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<to>", "an agent's name, or overseer")
    .requiredOption("-s, --subject <text>", "what it is about")
    .option("-m, --message <text>", "the letter; - reads it from standard input")
    .option("--reply <id>", "the message it answers")
    .option("--bead <id>", "the bead it is about")
    .addHelpText(
      "after",
      example('gt mail send rigs/alpha/polecats/nux -s "Lint" -m "Run it too."'),
    )
    .action(act(send));
};

async function send(gt: Session, to: string, options: Options): Promise<void> {
  const { subject, message = "", reply = "", bead = "" } = options;
  const body = message === "-" ? await gt.terminal.readInput() : message;
  await gt.tell(
    MailService.method.sendMail,
    { requestId: gt.requestId, to, subject, body, replyTo: reply, bead },
    ({ mail }) => oneLine(`sent ${mail?.id ?? ""} to ${to}`),
  );
}
