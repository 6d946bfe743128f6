import { derivedUid } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { Rig } from "#services/ledger/rigs.ts";
import { sendMail } from "#services/mail/mail.ts";
import type { Term } from "./terms.ts";

/**
 * Say that a rig's remote went back, and that its authority goes on above all that was known: as an
 * alarm here, and once by mail to the overseer, who alone knows what was restored.
 */
export async function tellRewound(
  ledger: Ledger,
  { name, target }: Rig,
  { shown, seen, term }: { readonly shown: number; readonly seen: number; readonly term: Term },
): Promise<void> {
  const chain = shown === 0 ? "has lost its chain of authority" : `shows authority term ${shown}`;
  const what = `the remote of rig ${name} ${chain}, and term ${seen} was seen before`;
  const went = `it was restored or rewound; term ${term.term} was established above all known`;
  ledger.alarm({ kind: "rewound-remote", detail: `${what}: ${went}` });
  const body = [
    `${what}: ${went}, so the rig goes on by itself.`,
    "",
    "What landed after the state that it went back to may be missing there. Look at:",
    `  gt mq list              what landed, with its commits`,
    `  git log ${target}       what the remote has of it`,
    "Each machine's clone of the rig still has those commits: push them to bring them back.",
  ].join("\n");
  const letter = {
    uid: derivedUid("established", name, String(term.term)),
    from: `rigs/${name}/authority`,
    to: "overseer",
    subject: `The remote of rig ${name} went back in time`,
    body,
  };
  await ledger.append(letter.from, sendMail(ledger.world, letter));
}
