import { parseEpoch } from "#services/ledger/epoch.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { Attempt } from "#services/mail/letters.ts";
import { overseer } from "#services/mail/letters.ts";
import type { Letter } from "#services/mail/mail.ts";

/** What a polecat that was started again finds in its mail: where its predecessor stood. */
export function handOffLetter(
  attempt: Attempt,
  last: { readonly step: string; readonly output: readonly string[] },
): Letter {
  const { agent, machine, epoch, work } = attempt;
  const respawn = parseEpoch(epoch).respawn ?? 0;
  const body = [
    `${work.id}: ${work.title}`,
    "",
    `You go on where your predecessor stopped without an exit (start ${respawn + 1}, ${epoch}).`,
    last.step === "" ? "Every step is done." : `The step it was at: ${last.step}.`,
    "The worktree is as it left it, uncommitted changes included. `gt hook` is the next step.",
    ...(last.output.length > 0 ? ["", "The last it printed:", ...last.output] : []),
  ].join("\n");
  const uid = derivedUid("mail", "HAND-OFF", work.uid, epoch);
  const from = `machines/${machine}`;
  return { uid, from, to: agent, subject: "HAND-OFF", body, about: work.uid };
}

/** What an agent is told from outside while it works. The cause keeps it from being told twice. */
export function nudgeLetter(
  attempt: Pick<Attempt, "agent" | "work">,
  nudge: { readonly from: string; readonly message: string; readonly cause: readonly string[] },
): Letter {
  const { agent, work } = attempt;
  const { from, message, cause } = nudge;
  const uid = derivedUid("mail", "NUDGE", agent, ...cause);
  return { uid, from, to: agent, subject: "NUDGE", body: message, about: work.uid };
}

/** The overseer's notice that a worktree was kept, since it holds what its request does not. */
export function keptLetter(attempt: Attempt, path: string, why: string): Letter {
  const { agent, machine, epoch, work } = attempt;
  const body = [
    `${agent} has left ${work.id} (epoch ${epoch}), and its worktree on ${machine} was kept:`,
    why,
    "",
    `It is ${path}; all it holds is pushed as a checkpoint. It goes once the work has landed or`,
    "the claim was released.",
  ].join("\n");
  const uid = derivedUid("mail", "KEPT", work.uid, epoch);
  const from = `machines/${machine}/witness`;
  return { uid, from, to: overseer, subject: `KEPT ${work.id}`, body, about: work.uid };
}
