import { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { isRead, markRead } from "#services/mail/mail.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { findBead } from "../find-bead.ts";
import { mutate } from "../mutate.ts";
import { mailMessage } from "./mail-message.ts";

type ReadMail = MethodImpl<typeof MailService.method.readMail>;

/** One letter; reading it as its receiver marks it read. */
export function readMail({ ledger }: { readonly ledger: Ledger }): ReadMail {
  const { world } = ledger;
  return async (request, context) => {
    const { id } = request;
    const mail = findBead(world, id);
    if (mail.issueType !== "message" || mail.deleted) {
      const resource = { type: "mail", name: id };
      throw new TownError("not_found", `${mail.id} is no letter`, { resource });
    }
    if (context.principal === mail.assignee && !isRead(mail)) {
      await mutate(ledger, MailService.method.readMail, request, context, () => {
        return { bead: mail.uid, drafts: markRead(mail) };
      });
    }
    return { mail: mailMessage(world.bead(mail.uid) ?? mail, world) };
  };
}
