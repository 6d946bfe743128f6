import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseEpoch } from "#services/ledger/epoch.ts";
import type { World } from "#services/ledger/world.ts";
import { type MoleculeView, moleculeOf, nextStep } from "#services/molecules/progress.ts";
import { outputPath } from "./places.ts";
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

/** Look at a session: steps in the ledger, commits in its worktree, output in its log. */
export async function look(world: World, home: string, session: PolecatSession): Promise<Sight> {
  const molecule = moleculeOf(world, session.bead);
  const signs: Evidence[] = [
    { what: "started", atMs: session.startedAtMs },
    ...(molecule ? stepSigns(molecule, session.epoch) : []),
    ...(await fileSign("output", outputPath(home, session.name))),
    ...(await fileSign("commit", await headLog(session.worktree))),
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

async function fileSign(what: string, path: string | undefined): Promise<Evidence[]> {
  if (path === undefined) return [];
  try {
    const { mtimeMs, size } = await stat(path);
    return size > 0 ? [{ what, atMs: Math.floor(mtimeMs) }] : [];
  } catch {
    return []; // Not there, or gone meanwhile: no sign, whatever the reason.
  }
}

/** The log of a worktree's head, which every commit, checkout and reset appends to. */
async function headLog(worktree: string): Promise<string | undefined> {
  const text = await readFile(join(worktree, ".git"), "utf8").catch(() => "");
  const gitDir = /^gitdir: (.*)$/m.exec(text)?.[1];
  return gitDir === undefined ? undefined : join(gitDir, "logs", "HEAD");
}
