import { derivedUid } from "#services/ledger/ids.ts";
import { overseer } from "#services/mail/letters.ts";
import type { Letter } from "#services/mail/mail.ts";
import type { Rejection } from "./outcome.ts";
import type { QueuedRequest } from "./queue.ts";

const outputCharsMax = 4_000;

/** What stands on the bead after a rejection: why, what the gate printed, and what comes now. */
export function rejectionText(request: QueuedRequest, rejection: Rejection, count: number): string {
  const { id, merge } = request;
  const failed = rejection.results.find(({ passed }) => !passed);
  const output = failed?.output.trim() ?? "";
  return [
    `${id} was sent back (rejection ${count} of its bead): ${rejection.why}.`,
    `Branch ${merge.branch} at ${merge.commit.slice(0, 12)}, epoch ${merge.epoch}.`,
    ...(output === "" ? [] : ["", tail(output)]),
  ].join("\n");
}

/** To the worker whose request was sent back. */
export function rejectionLetter(request: QueuedRequest, { as }: Rejection, text: string): Letter {
  const { uid, id, bead, title, merge } = request;
  const subject = `${as === "conflict" ? "CONFLICT" : "REJECTED"} ${id}: ${title}`;
  const body = `${text}\n\nThe bead is released: whoever takes it up next finds this there.`;
  return { ...envelope(request, "rejected", uid), to: merge.worker, subject, body, about: bead };
}

/** To the overseer, when a bead was rejected so often that trying again would not help. */
export function escalationLetter(request: QueuedRequest, text: string, count: number): Letter {
  const { uid, id, bead, beadId, title } = request;
  const subject = `REJECTED ${count} times, deferred: ${beadId}: ${title}`;
  const body = [
    text,
    "",
    `${beadId} is deferred: nobody works on it until you decide.`,
    `\`gt mq show ${id}\` has the gate's output, \`gt show ${beadId}\` all its rejections.`,
    `Say what is to be done (\`gt comment ${beadId} …\`, \`gt update ${beadId} …\`), then`,
    `\`gt update ${beadId} --status open\` has it tried again; \`gt close ${beadId}\` gives it up.`,
  ].join("\n");
  return { ...envelope(request, "escalated", uid), to: overseer, subject, body, about: bead };
}

/** To the overseer, when the remote refuses what was tested. */
export function holdLetter(request: QueuedRequest, why: string): Letter {
  const { uid, id, bead, beadId, title, merge } = request;
  const subject = `HELD ${id}: ${title}`;
  const body = [
    `${id} passed all gates, but the remote of ${merge.rig} does not let it onto ${merge.target}:`,
    "",
    why,
    "",
    `Its work is safe on ${merge.branch}, and ${beadId} stays open. Remove what is in the way; the`,
    "Refinery tries again by itself every minute.",
  ].join("\n");
  return { ...envelope(request, "held", uid), to: overseer, subject, body, about: bead };
}

function envelope({ merge }: QueuedRequest, ...cause: string[]): { uid: string; from: string } {
  return { uid: derivedUid("mail", ...cause), from: `rigs/${merge.rig}/refinery` };
}

function tail(text: string): string {
  return text.length <= outputCharsMax ? text : `…\n${text.slice(-outputCharsMax)}`;
}
