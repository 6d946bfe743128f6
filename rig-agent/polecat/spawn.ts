import { polecatBranch } from "#services/git/worktree.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import { type Rig, rigOf } from "#services/ledger/rigs.ts";
import { polecatStartedLetter, witnessOf } from "#services/mail/letters.ts";
import { sendMail } from "#services/mail/mail.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { assign, attemptOf } from "./assign.ts";
import { CannotStartError } from "./cannot-start.ts";
import { makeRoom } from "./clear-tree.ts";
import {
  clonePath,
  outputPath,
  sessionName,
  sessionPath,
  shortName,
  worktreePath,
} from "./places.ts";
import type { PolecatPorts, Program } from "./ports.ts";
import type { PolecatSession } from "./sessions.ts";
import { setUp } from "./set-up.ts";
import { standsAs } from "./stands.ts";
import { startPoint } from "./start-point.ts";

/**
 * Start the worker of a claim: worktree, set-up, molecule on the hook, assignment, process, notice.
 *
 * Each part looks whether it was done before, and the session's record comes first. So a start that
 * was cut off anywhere, even by SIGKILL, goes on from there when it is called again.
 *
 * @param after the former incarnation whose worktree it takes over, where there is one
 * @returns false where the claim no longer stands, so that nothing was started
 */
export async function spawnPolecat(
  ports: PolecatPorts,
  uid: string,
  epoch: string,
  after?: PolecatSession,
): Promise<boolean> {
  const { ledger, sessions } = ports;
  const work = ledger.world.bead(uid);
  if (!work?.claim || !standsAs(work, ports.machine, epoch)) return false;
  const rig = rigOf(work, ledger.world)?.rig;
  // The rig's bead comes from another writer, and may just not have arrived.
  if (!rig) throw new TownError("unavailable", `the rig of ${work.id} is not known here yet`);
  let session = sessions.get(sessionName(work.claim.polecat, work, epoch));
  if (!session) {
    session = newSession(ports, work, rig, epoch, after);
    await sessions.put(session);
  }
  // Asked before anything is made, since a runtime that is not known will not become so.
  const program = programFor(ports, work, rig, session);
  await refuseTwin(ports, session, after);
  if (after) await takeOver(ports, after);
  await prepareTree(ports, session, rig, work);
  session = await setUpOnce(ports, session, rig);
  await assign(ports, session, after);
  await ports.equip(session);
  await run(ports, session, program);
  await announce(ports, session);
  return true;
}

/** Nobody is to be taken for another of the same name: not its calls, nor its branch. */
async function refuseTwin(
  { sessions, runtime }: PolecatPorts,
  session: PolecatSession,
  after: PolecatSession | undefined,
): Promise<void> {
  for (const other of sessions.list()) {
    const isTwin = other.agent === session.agent && other.name !== session.name;
    if (!isTwin || other.name === after?.name || other.state === "removed") continue;
    if (!other.process || !(await runtime.isAlive(other.process))) continue;
    throw new TownError("unavailable", `${other.name} is still at work as ${session.agent}`);
  }
}

function programFor(ports: PolecatPorts, work: Bead, rig: Rig, session: PolecatSession): Program {
  try {
    return ports.program(work, rig, session);
  } catch (cause) {
    if (!isTownError(cause)) throw cause;
    throw new CannotStartError(cause.message, [], { cause });
  }
}

/** Let Witness and Deacon know that a worker was started; once, however often it is called. */
export async function announce(ports: PolecatPorts, session: PolecatSession): Promise<void> {
  const { ledger, machine } = ports;
  const { world } = ledger;
  const work = world.bead(session.bead);
  if (!work) return;
  const attempt = attemptOf(session, work);
  const drafts = [witnessOf(machine), "deacon"].flatMap((to) =>
    sendMail(world, polecatStartedLetter(attempt, to)),
  );
  await ledger.append(`machines/${machine}`, drafts);
}

function newSession(
  ports: PolecatPorts,
  work: Bead,
  rig: Rig,
  epoch: string,
  after: PolecatSession | undefined,
): PolecatSession {
  const agent = work.claim?.polecat ?? "";
  return {
    version: 1,
    name: sessionName(agent, work, epoch),
    agent,
    rig: rig.name,
    machine: ports.machine,
    bead: work.uid,
    beadId: work.id,
    epoch,
    worktree: after?.worktree ?? worktreePath(ports.home, rig.name, shortName(agent)),
    branch: after?.branch ?? polecatBranch(work.id, claimEpoch(epoch)),
    token: ports.newToken(),
    state: "starting",
    isSetUp: after?.isSetUp ?? false,
    startedAtMs: ports.clock.nowMs(),
  };
}

/** What is left of a former incarnation must not write into the worktree any more. */
async function takeOver(ports: PolecatPorts, after: PolecatSession): Promise<void> {
  if (after.process) await ports.runtime.end(after.process);
  if (after.state === "removed") return;
  const endedAtMs = after.endedAtMs ?? ports.clock.nowMs();
  await ports.sessions.put({ ...after, state: "removed", token: "", endedAtMs });
}

async function prepareTree(
  ports: PolecatPorts,
  session: PolecatSession,
  rig: Rig,
  work: Bead,
): Promise<void> {
  const { git, signal } = ports;
  const { worktree: path, branch } = session;
  const repoDir = clonePath(ports.home, rig.name);
  // Two polecats of one rig would make its clone under each other's hands.
  await ports.sessions.inTurn(repoDir, () => {
    return git.ensureClone(rig.remote, repoDir, { signal });
  });
  await git.clearLocks(repoDir); // A worker that was killed may have left its git's.
  if (await git.hasTree(path)) {
    const { branch: serves } = await git.worktreeState(path);
    const isForeign = serves?.startsWith("polecat/") === true && serves !== branch;
    // A worker that goes on finds its tree as it was, on whatever commit that stands.
    if (session.isSetUp && !isForeign) return;
    if (serves !== branch) await makeRoom(ports, path, session);
  }
  const start = await startPoint(git, repoDir, {
    ...{ session, rig, work },
    world: ports.ledger.world,
  });
  const isNew = !(await git.hasTree(path));
  const { head } = await git.addWorktree({ repoDir, path, branch, startPoint: start.commit });
  if (isNew && start.checkpoint !== undefined && head === start.commit) {
    await git.restoreCheckpoint(path, start.checkpoint);
  }
}

async function setUpOnce(
  ports: PolecatPorts,
  session: PolecatSession,
  rig: Rig,
): Promise<PolecatSession> {
  if (session.isSetUp) return session;
  if (rig.setup.trim() !== "") {
    await setUp(ports, rig.setup, {
      cwd: session.worktree,
      env: ports.environment(session),
      outputPath: outputPath(ports.home, session.name),
      session: session.name,
    });
  }
  const ready = { ...session, isSetUp: true };
  await ports.sessions.put(ready);
  return ready;
}

/** Start the process, or find the one that was started just before we could write it down. */
async function run(ports: PolecatPorts, session: PolecatSession, program: Program): Promise<void> {
  if (session.process) return;
  const marker = sessionPath(ports.home, session.name);
  const launch = {
    argv: program.argv,
    cwd: session.worktree,
    env: { ...ports.environment(session), ...program.env },
    outputPath: outputPath(ports.home, session.name),
  };
  const found = await ports.runtime.find(marker);
  const process = found ?? (await ports.runtime.start(launch));
  // From here on it counts what the worker does, not how long its set-up took.
  const startedAtMs = ports.clock.nowMs();
  await ports.sessions.put({ ...session, state: "running", process, startedAtMs });
}
