import type { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { markRead } from "#services/mail/mail.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { findBead } from "../find-bead.ts";
import { mailMessage } from "./mail-message.ts";

type ReadMail = MethodImpl<typeof MailService.method.readMail>;

/** One letter; reading it as its receiver marks it read. */
export function readMail({ ledger }: { readonly ledger: Ledger }): ReadMail {
  const { world } = ledger;
  return async ({ id }, { principal }) => {
    const mail = findBead(world, id);
    if (mail.issueType !== "message" || mail.deleted) {
      const resource = { type: "mail", name: id };
      throw new TownError("not_found", `${mail.id} is no letter`, { resource });
    }
    if (principal === mail.assignee) await ledger.append(principal, markRead(mail));
    return { mail: mailMessage(world.bead(mail.uid) ?? mail, world) };
  };
}
