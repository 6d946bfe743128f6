import { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import { ago } from "../elapsed.ts";
import { oneLine } from "../one-line.ts";
import { count } from "../options.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { type Declare, example } from "../verb.ts";

type Options = { readonly unread?: boolean; readonly number: number };

/** Declare `gt mail inbox`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[inbox]", "whose; your own if absent")
    .option("-u, --unread", "only what was not read yet")
    .option("-n, --number <count>", "at most this many", count, 100)
    .addHelpText("after", example("gt mail inbox --unread"))
    .action(act(list));
};

async function list(gt: Session, inbox = "", { unread = false, number }: Options): Promise<void> {
  const { paint, nowMs, columns } = gt.terminal;
  const request = { inbox, unreadOnly: unread, pageSize: number };
  await gt.tell(MailService.method.listMail, request, ({ mail }) => {
    if (mail.length === 0) return unread ? "no unread mail" : "no mail";
    const rows = mail.map((each) => [
      each.read ? "" : paint.yellow("new"),
      oneLine(each.id),
      oneLine(each.from),
      oneLine(each.subject),
      oneLine(each.bead),
      ago(each.sendTime, nowMs()),
    ]);
    return table(mailColumns, rows, columns());
  });
}

const mailColumns = [
  { head: "" },
  { head: "ID" },
  { head: "FROM", gives: 1 },
  { head: "SUBJECT", gives: 2 },
  { head: "BEAD", gives: 3 },
  { head: "SENT", align: "right" },
] as const;
