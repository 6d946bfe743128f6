import type { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { inbox } from "#services/mail/mail.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { compareIds, cutPage } from "../page.ts";
import { mailMessage } from "./mail-message.ts";
import { receiverOf } from "./receiver.ts";

type ListMail = MethodImpl<typeof MailService.method.listMail>;
type Place = { readonly sentMs: number; readonly id: string };

/** An inbox, the newest first; the caller's own if none is named. */
export function listMail({ ledger }: { readonly ledger: Ledger }): ListMail {
  const { world } = ledger;
  return async (request, { principal }) => {
    const { unreadOnly } = request;
    const to = request.inbox === "" ? principal : receiverOf(world, request.inbox);
    const mail = inbox(world, to, { unreadOnly }).sort((a, b) => newest(placeOf(a), placeOf(b)));
    const page = cutPage(mail, request, `${to} ${unreadOnly}`, { key: placeOf, compare: newest });
    return {
      mail: page.items.map((each) => mailMessage(each, world)),
      nextPageToken: page.nextPageToken,
    };
  };
}

function placeOf({ createdAt, id }: Bead): Place {
  return { sentMs: Date.parse(createdAt) || 0, id };
}

function newest(a: Place, b: Place): number {
  return b.sentMs - a.sentMs || compareIds(b.id, a.id);
}
