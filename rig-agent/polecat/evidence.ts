import { parseEpoch } from "#services/ledger/epoch.ts";
import { type MoleculeView, moleculeOf, nextStep } from "#services/molecules/progress.ts";
import type { PolecatPorts } from "./ports.ts";
import type { PolecatSession } from "./sessions.ts";

/** The last sign of progress: what it was, and when. */
export type Evidence = { readonly what: string; readonly atMs: number };

/** What a session is at, by everything that can be seen of it without asking it. */
export type Sight = {
  readonly session: PolecatSession;
  /** The next step of its molecule; empty where there is none. */
  readonly step: string;
  readonly evidence: Evidence;
};

/** Look at a session: steps in the ledger, and what its disk shows, commits and output. */
export async function look(
  { ledger, signs: signsOf }: Pick<PolecatPorts, "ledger" | "signs">,
  session: PolecatSession,
): Promise<Sight> {
  const molecule = moleculeOf(ledger.world, session.bead);
  const signs: Evidence[] = [
    { what: "started", atMs: session.startedAtMs },
    ...(molecule ? stepSigns(molecule, session.epoch) : []),
    ...(await signsOf(session)),
  ];
  const step = (molecule && nextStep(molecule)?.name) ?? "";
  return { session, step, evidence: latest(signs, session.startedAtMs) };
}

/** The latest sign that is not older than the session itself. */
export function latest(signs: readonly Evidence[], startedAtMs: number): Evidence {
  let last: Evidence = { what: "started", atMs: startedAtMs };
  for (const sign of signs) if (sign.atMs > last.atMs) last = sign;
  return last;
}

function stepSigns({ steps }: MoleculeView, epoch: string): Evidence[] {
  const { term, count } = parseEpoch(epoch);
  return steps.flatMap(({ name, state, bead }) => {
    const own = bead.closes.includes(`step:${term}.${count}`);
    const atMs = state === "done" && own ? Date.parse(bead.closedAt ?? "") : Number.NaN;
    return Number.isNaN(atMs) ? [] : [{ what: `step ${name}`, atMs }];
  });
}
