import type { Bead } from "#services/ledger/bead.ts";
import { releaseBead, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { rigOf, townPrefix } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { type Attempt, exitLetter } from "#services/mail/letters.ts";
import { sendMail } from "#services/mail/mail.ts";
import { pin } from "#services/molecules/pin.ts";

const summaryCharsMax = 2_000;

/**
 * Give an attempt up on its worker's behalf: ESCALATE, the claim released, the bead deferred, mail
 * to the overseer. Nothing where somebody else's attempt stands by now.
 *
 * @param lines what a person needs to judge it, such as the end of the output
 */
export function escalateDrafts(
  world: World,
  attempt: Attempt,
  why: string,
  lines: readonly string[] = [],
): Draft[] {
  const { agent, epoch } = attempt;
  const work = world.bead(attempt.work.uid);
  if (!work || !stands(work, epoch)) return [];
  const summary = why.slice(0, summaryCharsMax);
  const exit = { kind: "ESCALATE", epoch, summary };
  const prefix = rigOf(work, world)?.rig.prefix ?? townPrefix;
  const body = lines.length > 0 ? [why, "", ...lines] : [why];
  return [
    setFields(work.uid, { "gt.exit": exit }, epoch),
    releaseBead(work.uid, epoch, summary, exit.kind),
    ...pin(world, agent, prefix, null),
    ...sendMail(world, exitLetter(attempt, exit.kind, body)),
  ];
}

/** Give a claim back that this machine cannot serve; the bead may be claimed again at once. */
export function declineDrafts(world: World, uid: string, epoch: string, why: string): Draft[] {
  const work = world.bead(uid);
  if (!work || !stands(work, epoch)) return [];
  return [releaseBead(uid, epoch, why)];
}

function stands({ claim, status }: Bead, epoch: string): boolean {
  if (!claim || claim.released || status === "closed") return false;
  return epoch === claim.epoch || epoch.startsWith(`${claim.epoch}.`);
}
