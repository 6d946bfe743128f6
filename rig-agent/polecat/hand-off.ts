import { agentPerson } from "#services/identity/person.ts";
import { releaseBead, setFields } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import { savedField } from "#services/ledger/work-fields.ts";
import { wantedHandOff } from "./gather.ts";
import type { PolecatPorts } from "./ports.ts";
import { endSession } from "./retire.ts";
import type { PolecatSession } from "./sessions.ts";
import { standsAs } from "./stands.ts";

/**
 * End a claim so that another machine can go on with it: the worker's processes are ended, all that
 * its worktree holds is pushed as a checkpoint, and then the claim is released.
 *
 * Each part looks whether it was done before. With the remote away the claim stands, and a worker
 * that still runs goes on meanwhile. The worktree goes later, as after any release.
 *
 * @throws TownError as git does where the checkpoint cannot be pushed: nothing was released then
 */
export async function handOff(ports: PolecatPorts, uid: string, epoch: string): Promise<void> {
  const { ledger, sessions, machine, clock } = ports;
  if (!wish(ports, uid, epoch)) return;
  const own = sessions
    .list()
    .filter(({ bead, state }) => bead === uid && state !== "removed")
    .filter((session) => claimEpoch(session.epoch) === claimEpoch(epoch))
    .sort((a, b) => b.startedAtMs - a.startedAtMs);
  // Before it is ended: a remote that does not answer would leave it ended and the work at a halt.
  if (own[0]?.state === "running") await save(ports, own[0]);
  for (const { name } of own) await endSession(ports, name);
  const commit = own[0] && (await save(ports, own[0]));
  // It may have submitted or left in its last moments, or somebody thought better of it.
  const wanted = wish(ports, uid, epoch);
  if (!wanted) return;
  const to = wanted.to === "" ? "" : ` to ${wanted.to}`;
  const at = new Date(clock.nowMs()).toISOString();
  const saved = { [savedField.name]: { epoch, commit: commit ?? "", at } };
  await ledger.append(`machines/${machine}`, [
    ...(commit === undefined ? [] : [setFields(uid, saved, epoch)]),
    releaseBead(uid, epoch, `handed off${to} by ${wanted.by}`),
  ]);
}

function wish({ ledger, machine }: PolecatPorts, uid: string, epoch: string) {
  const work = ledger.world.bead(uid);
  return work && standsAs(work, machine, epoch) ? wantedHandOff(ledger.world, work) : undefined;
}

/** Push all that a session's worktree holds; undefined where no worker has ever been in it. */
async function save(ports: PolecatPorts, session: PolecatSession): Promise<string | undefined> {
  const { git, signal } = ports;
  const { worktree: path, beadId: bead, agent, branch } = session;
  if (!session.isSetUp || !(await git.hasTree(path))) return undefined;
  // Another attempt's worktree may still stand where this one's was to be.
  const { branch: serves } = await git.worktreeState(path);
  if (serves?.startsWith("polecat/") && serves !== branch) return undefined;
  const epoch = claimEpoch(session.epoch);
  const author = agentPerson(agent);
  return git.pushCheckpoint({ path, bead, epoch, author, always: true, signal });
}
