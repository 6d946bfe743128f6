import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MailSchema } from "#proto/gastown/v1/mail_service_pb.ts";
import { type Bead, textField } from "#services/ledger/bead.ts";
import { aboutField, replyToField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { isRead, senderOf } from "#services/mail/mail.ts";
import { timestampOf } from "../bead-message.ts";

/** A letter as the API shows it. */
export function mailMessage(mail: Bead, world: World): MessageInitShape<typeof MailSchema> {
  const idOf = (uid: string | undefined) => (uid === undefined ? "" : (world.bead(uid)?.id ?? uid));
  const sent = timestampOf(mail.createdAt);
  return {
    id: mail.id,
    from: senderOf(mail),
    to: mail.assignee,
    subject: mail.title,
    body: textField(mail, "description"),
    read: isRead(mail),
    replyTo: idOf(replyToField.read(mail)),
    bead: idOf(aboutField.read(mail)),
    ...(sent && { sendTime: sent }),
  };
}
