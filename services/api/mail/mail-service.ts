import type { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { ServiceImpl } from "#services/rpc/method.ts";
import { listMail } from "./list-mail.ts";
import { readMail } from "./read-mail.ts";
import { sendMail } from "./send-mail.ts";

/** MailService, the same at any endpoint. */
export function mailService(ports: { readonly ledger: Ledger }): ServiceImpl<typeof MailService> {
  return { sendMail: sendMail(ports), listMail: listMail(ports), readMail: readMail(ports) };
}
