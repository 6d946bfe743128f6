import type { Bead } from "#services/ledger/bead.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { Letter } from "./mail.ts";

/** Subjects that actors know; a letter of theirs has exactly this title. */
export const subjects = {
  assignment: "ASSIGNMENT",
  polecatStarted: "POLECAT_STARTED",
  shutdown: "SHUTDOWN",
} as const;

/** Where people who run the town get their mail. */
export const overseer = "overseer";

/** One attempt at a piece of work, as letters tell of it. */
export type Attempt = {
  readonly agent: string;
  readonly machine: string;
  /** With the respawn number. */
  readonly epoch: string;
  readonly work: Pick<Bead, "uid" | "id" | "title">;
};

/**
 * The assignment, from whoever slung the work to the polecat that gets it.
 *
 * @param before what there is to know of an attempt that it goes on with
 */
export function assignmentLetter(
  attempt: Attempt,
  from: string,
  branch: string,
  before: readonly string[] = [],
): Letter {
  const { agent, epoch, work } = attempt;
  const body = [
    `${work.id}: ${work.title}`,
    "",
    `It hangs on your hook as attempt ${epoch}; your branch is ${branch}.`,
    ...before,
    `\`gt show ${work.id}\` is the assignment, \`gt hook\` the next step. Run it.`,
  ].join("\n");
  const uid = derivedUid("mail", subjects.assignment, work.uid, epoch);
  return { uid, from, to: agent, subject: subjects.assignment, body, about: work.uid };
}

/** The machine's word that a polecat was started; to its Witness and to the Deacon, say. */
export function polecatStartedLetter(attempt: Attempt, to: string): Letter {
  const { agent, machine, epoch, work } = attempt;
  const body = `${agent} was started on ${machine} for ${work.id} (${work.title}), epoch ${epoch}.`;
  const uid = derivedUid("mail", subjects.polecatStarted, work.uid, epoch, to);
  const from = `machines/${machine}`;
  return { uid, from, to, subject: subjects.polecatStarted, body, about: work.uid };
}

/** A worker's last act: it asks its machine's Witness to be ended. */
export function shutdownLetter(attempt: Attempt, exit: string): Letter {
  const { agent, epoch, work } = attempt;
  const body = `${agent} asks to be shut down: ${work.id}, epoch ${epoch}, exit ${exit}.`;
  const uid = shutdownUid(work.uid, epoch);
  const to = witnessOf(attempt.machine);
  return { uid, from: agent, to, subject: subjects.shutdown, body, about: work.uid };
}

/** The uid of the SHUTDOWN letter of one incarnation of a worker: it is there once it asked. */
export function shutdownUid(workUid: string, epoch: string): string {
  return derivedUid("mail", subjects.shutdown, workUid, epoch);
}

/** What the overseer reads when a polecat left without finishing. */
export function exitLetter(attempt: Attempt, kind: string, lines: readonly string[]): Letter {
  const { agent, epoch, work } = attempt;
  const from = `From ${agent} on ${attempt.machine}, epoch ${epoch}.`;
  const body = [...lines, "", ...nextAfter(kind, work.id), from].join("\n");
  const uid = derivedUid("mail", "exit", work.uid, epoch);
  const subject = `${kind} ${work.id}: ${work.title}`;
  return { uid, from: agent, to: overseer, subject, body, about: work.uid };
}

/** What the overseer can do about an exit that leaves the bead to them. */
function nextAfter(kind: string, id: string): string[] {
  if (kind === "REFACTOR") {
    return [`${id} is deferred. \`gt show ${id}\` has its parts, \`gt sling\` has one done.`, ""];
  }
  if (kind !== "ESCALATE") return [];
  return [
    `${id} is deferred: nobody works on it until you decide. \`gt show ${id}\` has it all.`,
    `Say what is to be done (\`gt comment ${id} …\`, \`gt update ${id} …\`), then`,
    `\`gt sling ${id}\` has it tried again; \`gt close ${id}\` gives it up.`,
    "",
  ];
}

/** The agent that watches over a machine's polecats. */
export function witnessOf(machine: string): string {
  return `machines/${machine}/witness`;
}
