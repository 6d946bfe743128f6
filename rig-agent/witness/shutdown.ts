import { agentPerson } from "#services/identity/person.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import { mergeField } from "#services/ledger/work-fields.ts";
import { sendMail } from "#services/mail/mail.ts";
import { mergeRequestUid } from "#services/molecules/leave.ts";
import { attemptOf } from "../polecat/assign.ts";
import { exitUnder, gatherWorks } from "../polecat/gather.ts";
import { escalateDrafts } from "../polecat/leave.ts";
import { keptLetter } from "../polecat/letters.ts";
import { clonePath } from "../polecat/places.ts";
import type { PolecatPorts } from "../polecat/ports.ts";
import { standing } from "../polecat/reconcile.ts";
import { endSession, retire } from "../polecat/retire.ts";
import type { PolecatSession } from "../polecat/sessions.ts";
import { type Remains, verify } from "./verify.ts";

/**
 * End a worker that asked for it, after making sure that nothing is lost by that.
 *
 * @returns how its lease ended, in words
 * @throws TownError when the remote does not answer: the worker waits on then
 */
export function shutDown(ports: PolecatPorts, name: string): Promise<string> {
  const bead = ports.sessions.get(name)?.bead ?? "";
  return ports.sessions.inTurn(bead, async () => {
    const session = ports.sessions.get(name);
    if (!session || session.state === "removed") return "gone before";
    const remains = await inspect(ports, session);
    const finding = verify(remains);
    const how = remains.exit ?? "taken over";
    switch (finding.do) {
      case "retire": {
        const cleared = await retire(ports, name, remains.isOver);
        return cleared.removed ? how : `${how}; worktree kept: ${cleared.kept}`;
      }
      case "keep":
        await keep(ports, session, finding.why);
        return `${how}; worktree kept: ${finding.why}`;
      case "escalate": {
        const work = ports.ledger.world.bead(session.bead);
        const attempt = work && attemptOf(session, work);
        const drafts = attempt ? escalateDrafts(ports.ledger.world, attempt, finding.why) : [];
        await ports.ledger.append(witness(ports), drafts);
        await endSession(ports, name);
        return `ESCALATE: ${finding.why}`;
      }
    }
  });
}

/** Look at what a worker leaves: its claim, its request, its tree, and the remote itself. */
async function inspect(ports: PolecatPorts, session: PolecatSession): Promise<Remains> {
  const { ledger, git, home, machine } = ports;
  const { world } = ledger;
  const [work] = gatherWorks(world, [session.bead], {
    machine,
    refusal: () => undefined,
    overSince: new Map(),
    nowMs: ports.clock.nowMs(),
  });
  const bead = world.bead(session.bead);
  const isOver = work !== undefined && typeof standing(work, session.epoch) === "object";
  const request = world.bead(mergeRequestUid(session.bead, session.epoch));
  const remains = {
    exit: bead && exitUnder(bead, claimEpoch(session.epoch)),
    isOver,
    requested: request && mergeField.read(request)?.commit,
    tree: undefined,
  };
  if (isOver || !(await git.hasTree(session.worktree))) return remains;
  const repoDir = clonePath(home, session.rig);
  const ref = `refs/heads/${session.branch}`;
  await git.fetchRefs({ repoDir, signal: ports.signal }, [ref]);
  const { head, dirty } = await git.worktreeState(session.worktree);
  const pushed = await git.readRef(repoDir, `refs/remotes/origin/${session.branch}`);
  return { ...remains, tree: { head, dirty, pushed } };
}

/** End its processes, push all it holds as a checkpoint, and leave the worktree where it is. */
async function keep(ports: PolecatPorts, session: PolecatSession, why: string): Promise<void> {
  const { ledger, git, sessions, signal } = ports;
  await endSession(ports, session.name);
  const { worktree: path, beadId: bead, agent } = session;
  const epoch = claimEpoch(session.epoch);
  await git.pushCheckpoint({ path, bead, epoch, author: agentPerson(agent), signal });
  const ended = sessions.get(session.name);
  if (ended) await sessions.put({ ...ended, kept: why });
  const work = ledger.world.bead(session.bead);
  if (!work) return;
  const letter = keptLetter(attemptOf(session, work), path, why);
  await ledger.append(witness(ports), sendMail(ledger.world, letter));
}

function witness({ machine }: PolecatPorts): string {
  return `machines/${machine}/witness`;
}
