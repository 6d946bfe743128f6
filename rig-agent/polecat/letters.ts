import { claimEpoch, parseEpoch } from "#services/ledger/epoch.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { Attempt } from "#services/mail/letters.ts";
import { overseer } from "#services/mail/letters.ts";
import type { Letter } from "#services/mail/mail.ts";
import type { FormerAttempt } from "./former-attempt.ts";

/** Whose work a worker goes on with, and how much of it there is. */
export type Resumption = {
  readonly former: FormerAttempt;
  /** The step to go on with; empty where every one is done. */
  readonly step: string;
  /** What its worktree begins with; undefined where nothing was pushed. */
  readonly commit: string | undefined;
  /** When that was taken; undefined where nobody can tell. */
  readonly savedMs: number | undefined;
  readonly nowMs: number;
};

/** What a worker reads of the attempt that it goes on with. */
export function resumeLines(resumption: Resumption): string[] {
  const { former, step } = resumption;
  const why = former.reason === "" ? "" : ` (${former.reason})`;
  return [
    `You go on with attempt ${former.epoch} of ${former.polecat} on ${former.machine}${why}.`,
    step === "" ? "Every step is done." : `The step it was at: ${step}.`,
    ...worktreeLines(resumption),
  ];
}

function worktreeLines(resumption: Resumption): string[] {
  const { former, commit } = resumption;
  if (commit === undefined) return ["It had pushed nothing: your worktree begins at the target."];
  const taken = whenTaken(resumption);
  return [
    former.isWhole
      ? `Your worktree holds all of its work, by its checkpoint${taken}.`
      : `Your worktree holds its work up to its last checkpoint${taken}, no later one.`,
    "What it had not committed is uncommitted again.",
  ];
}

/** The same for everybody who looks at the bead. */
export function resumeRemark(epoch: string, resumption: Resumption): string {
  const { former, step, commit } = resumption;
  const at = step === "" ? "" : ` at step ${step}`;
  const from = `attempt ${former.epoch} of ${former.polecat} on ${former.machine}`;
  const why = former.reason === "" ? "" : ` (${former.reason})`;
  const held = commit === undefined ? "without any of its commits" : "with its checkpoint";
  const taken = commit === undefined ? "" : whenTaken(resumption);
  return `${claimEpoch(epoch)} goes on with ${from}${why}${at}, ${held}${taken}`;
}

/** ` of 2026-01-01 08:31 UTC (12 min old)`. */
function whenTaken({ savedMs, nowMs }: Resumption): string {
  if (savedMs === undefined) return "";
  const at = new Date(savedMs).toISOString().slice(0, 16).replace("T", " ");
  const ageS = Math.max(0, Math.round((nowMs - savedMs) / 1_000));
  const age = ageS < 120 ? `${ageS} s` : `${Math.round(ageS / 60)} min`;
  return ` of ${at} UTC (${age} old)`;
}

/** What a polecat that was started again finds in its mail: where its predecessor stood. */
export function handOffLetter(
  attempt: Attempt,
  last: {
    readonly step: string;
    readonly output: readonly string[];
    /** What it said as it asked for a fresh session; undefined where it did not ask. */
    readonly asked: string | undefined;
  },
): Letter {
  const { agent, machine, epoch, work } = attempt;
  const respawn = parseEpoch(epoch).respawn ?? 0;
  const asked = "asked for a fresh session";
  const stopped = last.asked === undefined ? "stopped without an exit" : asked;
  const body = [
    `${work.id}: ${work.title}`,
    "",
    `You go on where your predecessor ${stopped} (start ${respawn + 1}, ${epoch}).`,
    ...(last.asked ? ["", "Its word to you:", last.asked, ""] : []),
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
