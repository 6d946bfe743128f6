import { z } from "zod";
import { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { sendMail as draftMail } from "#services/mail/mail.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { check, id, name, text, title } from "../check.ts";
import { findLiveBead } from "../find-bead.ts";
import { mutate } from "../mutate.ts";
import { mailMessage } from "./mail-message.ts";
import { receiverOf } from "./receiver.ts";

type SendMail = MethodImpl<typeof MailService.method.sendMail>;

const Request = z.object({ to: id, subject: title, body: text, replyTo: name, bead: name });

/** Send to one agent, or to the overseer, in the caller's name. */
export function sendMail({ ledger }: { readonly ledger: Ledger }): SendMail {
  const { world } = ledger;
  return async (request, context) => {
    const method = MailService.method.sendMail;
    const { bead: mail } = await mutate(ledger, method, request, context, (asked) => {
      const { to, subject, body, replyTo, bead } = check(Request, request);
      const drafts = draftMail(world, {
        uid: asked.uid,
        from: asked.principal,
        to: receiverOf(world, to),
        subject,
        body,
        ...(replyTo !== "" && { replyTo: findLiveBead(world, replyTo, "reply_to").uid }),
        ...(bead !== "" && { about: findLiveBead(world, bead, "bead").uid }),
      });
      return { bead: asked.uid, drafts };
    });
    return { mail: mailMessage(mail, world) };
  };
}
