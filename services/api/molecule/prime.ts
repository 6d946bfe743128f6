import type { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import { readRole, rolePage } from "#services/identity/role-page.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { inbox } from "#services/mail/mail.ts";
import type { MethodImpl } from "#services/rpc/method.ts";

type Prime = MethodImpl<typeof MoleculeService.method.prime>;

/** A role's page, the caller's own if none is named, and how much mail the caller has not read. */
export function prime({ ledger }: { readonly ledger: Ledger }): Prime {
  return async ({ role: wanted }, { principal }) => {
    const role = readRole(wanted, principal);
    const unread = inbox(ledger.world, principal, { unreadOnly: true });
    return { role, page: await rolePage(role), unreadMail: unread.length };
  };
}
