import type { Bead } from "#services/ledger/bead.ts";
import { addComment, spawnWorker } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { slingOf } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import { savedField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { type Attempt, assignmentLetter } from "#services/mail/letters.ts";
import { sendMail } from "#services/mail/mail.ts";
import { pin } from "#services/molecules/pin.ts";
import { pour } from "#services/molecules/pour.ts";
import { moleculeOf, nextStep } from "#services/molecules/progress.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { formerAttempt } from "./former-attempt.ts";
import { wantedRestart } from "./gather.ts";
import { handOffLetter, type Resumption, resumeLines, resumeRemark } from "./letters.ts";
import { clonePath } from "./places.ts";
import type { PolecatPorts } from "./ports.ts";
import type { PolecatSession } from "./sessions.ts";
import { standsAs } from "./stands.ts";
import { continued } from "./start-point.ts";

const handOffLinesMax = 20;

/** A session as letters speak of it. */
export function attemptOf(session: PolecatSession, work: Bead): Attempt {
  return { agent: session.agent, machine: session.machine, epoch: session.epoch, work };
}

/**
 * Give a session its work: molecule, hook, letter and the word that it was started, in one append,
 * so all or nothing.
 *
 * @param after the former incarnation whose worktree it took over, where there is one
 * @throws TownError `stale` where the claim was taken from it meanwhile
 */
export async function assign(
  ports: PolecatPorts,
  session: PolecatSession,
  after: PolecatSession | undefined,
): Promise<void> {
  const { ledger, machine } = ports;
  const { agent, epoch } = session;
  const held = ledger.world.bead(session.bead);
  if (!held) return;
  const recipe = await ports.recipe(held);
  const output = after ? await ports.output.tail(after.name, handOffLinesMax) : [];
  const resumption = after ? undefined : await resumptionOf(ports, session, held);
  const { world } = ledger;
  const work = world.bead(session.bead);
  if (!work || !standsAs(work, machine, epoch)) {
    throw new TownError("stale", `${session.beadId} was taken from ${agent} while it started`);
  }
  const { root, drafts } = pour({ world, recipe, work, polecat: agent });
  const prefix = rigOf(work, world)?.rig.prefix ?? "hq";
  const step = stepOf(world, work);
  const letter = after
    ? handOffLetter(attemptOf(session, work), { step, output, asked: askedBy(after, work) })
    : firstLetter(world, session, work, resumption);
  await ledger.append(`machines/${machine}`, [
    ...drafts,
    ...pin(world, agent, prefix, root),
    ...sendMail(world, letter),
    ...started(world, session, work, resumption),
  ]);
}

/** The name of the step to go on with; empty where all are done. */
function stepOf(world: World, work: Bead): string {
  const molecule = moleculeOf(world, work.uid);
  return molecule ? (nextStep(molecule)?.name ?? "") : "load-context";
}

function firstLetter(
  world: World,
  session: PolecatSession,
  work: Bead,
  resumption: Resumption | undefined,
) {
  const from = slingOf(work, world)?.by || "mayor";
  const lines = resumption ? resumeLines(resumption) : [];
  return assignmentLetter(attemptOf(session, work), from, session.branch, lines);
}

function started(
  world: World,
  { epoch, name, machine }: PolecatSession,
  work: Bead,
  resumption: Resumption | undefined,
): Draft[] {
  if (world.state(work.uid)?.spawns.has(epoch)) return [];
  const spawned = spawnWorker(work.uid, epoch, { session: name, machine });
  if (!resumption) return [spawned];
  const id = derivedUid("resumed", work.uid, claimEpoch(epoch));
  const author = `machines/${machine}`;
  return [spawned, addComment(work.uid, { author, text: resumeRemark(epoch, resumption), id })];
}

/** The word of the incarnation before that asked for this one. */
function askedBy(after: PolecatSession, work: Bead): string | undefined {
  const wanted = wantedRestart(work, after.epoch);
  return wanted?.epoch === after.epoch ? wanted.message : undefined;
}

/** What the first worker of a claim is told where it goes on with another attempt's work. */
async function resumptionOf(
  ports: PolecatPorts,
  session: PolecatSession,
  work: Bead,
): Promise<Resumption | undefined> {
  const { git, ledger, clock } = ports;
  const { world } = ledger;
  const former = formerAttempt(world, work);
  if (!former) return undefined;
  const repoDir = clonePath(ports.home, session.rig);
  const commit = await continued(git, repoDir, { work, world });
  const savedAt = former.isWhole ? Date.parse(savedField.read(work)?.at ?? "") : undefined;
  const savedMs = savedAt ?? (commit && (await git.committedMs(repoDir, commit))) ?? undefined;
  const nowMs = clock.nowMs();
  return { former, step: stepOf(world, work), commit, savedMs: savedMs || undefined, nowMs };
}
