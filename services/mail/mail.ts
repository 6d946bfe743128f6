import { type Bead, textField } from "#services/ledger/bead.ts";
import { addLabels, createBead } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedBase36, newId } from "#services/ledger/ids.ts";
import { aboutField, replyToField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";

/** A letter to be sent. */
export type Letter = {
  /** Derived from what caused it, so that sending twice is sending once. */
  readonly uid: string;
  readonly from: string;
  /** An agent's resource name, or `overseer`. */
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  /** The uid of the bead it is about. */
  readonly about?: string | undefined;
  /** The uid of the letter it answers. */
  readonly replyTo?: string | undefined;
};

const bodyCharsMax = 64 * 1024;

/** Send a letter: one bead. No draft where it was sent before. */
export function sendMail(world: World, letter: Letter): Draft[] {
  const { uid, from, to, subject, body, about, replyTo } = letter;
  if (world.bead(uid)) return [];
  const taken = (id: string) => world.bead(id) !== undefined;
  // Derived as the uid is: the same letter, sent at two endpoints, bears one name.
  const id = newId("hq", world.size(), taken, (length) => derivedBase36(length, "mail", uid));
  const draft = createBead({
    uid,
    id,
    title: (subject.trim() || "(no subject)").slice(0, 500),
    issueType: "message",
    assignee: to,
    fields: {
      sender: from,
      description: body.slice(0, bodyCharsMax),
      ...(about === undefined ? {} : { [aboutField.name]: about }),
      ...(replyTo === undefined ? {} : { [replyToField.name]: replyTo }),
    },
    labels: ["type=message"],
    edges: replyTo === undefined ? [] : [{ to: replyTo, type: "replies-to" }],
  });
  return [draft];
}

/** An inbox, the newest first. */
export function inbox(
  world: World,
  to: string,
  { unreadOnly = false }: { readonly unreadOnly?: boolean } = {},
): Bead[] {
  return world
    .ofType("message")
    .filter((mail) => mail.assignee === to && !(unreadOnly && isRead(mail)))
    .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.id < b.id ? 1 : -1));
}

/** Whether its receiver has read a letter. */
export function isRead(mail: Bead): boolean {
  return mail.labels.includes("read");
}

/** Mark a letter as read; no draft where it is. */
export function markRead(mail: Bead): Draft[] {
  return isRead(mail) ? [] : [addLabels(mail.uid, ["read"])];
}

/** Who wrote a letter. */
export function senderOf(mail: Bead): string {
  return textField(mail, "sender") || mail.createdBy;
}
