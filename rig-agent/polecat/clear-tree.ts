import { checkpointRef } from "#services/git/checkpoint.ts";
import { agentPerson } from "#services/identity/person.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import { mergeField } from "#services/ledger/work-fields.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { clonePath } from "./places.ts";
import type { PolecatPorts } from "./ports.ts";
import type { PolecatSession } from "./sessions.ts";

/** What became of a worktree; `kept` says why, in words. */
export type Cleared =
  | { readonly removed: true }
  | { readonly removed: false; readonly kept: string };

/**
 * Remove the worktree of a session whose processes are over, but never the only copy of something:
 * what is not on the remote is pushed as a checkpoint first.
 *
 * @param freed the work has landed or the claim is over, so a checkpoint on the remote is enough;
 *   otherwise a tree that holds more than its branch on the remote is kept beside its checkpoint
 * @throws TownError when the remote does not answer: nothing was removed then
 */
export async function clearTree(
  ports: Pick<PolecatPorts, "git" | "home" | "ledger" | "signal">,
  session: PolecatSession,
  freed: boolean,
): Promise<Cleared> {
  const { git, home } = ports;
  const { worktree: path, beadId: bead } = session;
  const repoDir = clonePath(home, session.rig);
  if (!(await git.hasTree(path)) || !(await git.hasTree(repoDir))) return { removed: true };
  const { branch, dirty, head } = await git.worktreeState(path);
  if (branch !== undefined && branch !== session.branch && branch.startsWith("polecat/")) {
    return { removed: true }; // A later attempt made room for itself, and saved what was there.
  }
  if (dirty.length > 0 || landedFrom(ports, session) !== head) {
    // What was pushed once may have been overwritten since, or gone with a remote set back.
    const refs = [`refs/heads/${session.branch}`, checkpointRef(bead, claimEpoch(session.epoch))];
    await git.fetchRefs({ repoDir, signal: ports.signal }, refs);
  }
  try {
    await git.removeWorktree({ repoDir, path });
    return { removed: true };
  } catch (error) {
    if (!isTownError(error, "state")) throw error;
    if (freed && dirty.length === 0 && landedFrom(ports, session) === head) {
      // Its branch may be gone from the remote by now, but what landed was made of this commit.
      await git.removeWorktree({ repoDir, path, released: true });
      return { removed: true };
    }
    const epoch = claimEpoch(session.epoch);
    const author = agentPerson(session.agent);
    const safe = await git.pushCheckpoint({ path, bead, epoch, author, signal: ports.signal });
    if (!freed) return { removed: false, kept: error.message };
    await git.removeWorktree({ repoDir, path, ...(safe !== undefined && { safeCommit: safe }) });
    return { removed: true };
  }
}

/**
 * Make room for a new attempt where an older one's worktree still stands.
 *
 * @throws TownError `exists` where it is not known whose it is, or its worker may still be at work
 */
export async function makeRoom(
  ports: PolecatPorts,
  path: string,
  wanted: PolecatSession,
): Promise<void> {
  const { branch } = await ports.git.worktreeState(path);
  const before = ports.sessions
    .list()
    .filter((other) => other.worktree === path && other.name !== wanted.name)
    .sort((a, b) => b.startedAtMs - a.startedAtMs);
  const holder = before.find((other) => other.branch === branch) ?? before[0];
  if (!holder) {
    const serves = branch ?? "a detached commit";
    throw new TownError("exists", `${path} serves ${serves}, which no session here knows`);
  }
  if (holder.process && (await ports.runtime.isAlive(holder.process))) {
    throw new TownError("unavailable", `${holder.name} is still at work in ${path}`);
  }
  const cleared = await clearTree(ports, holder, true);
  if (!cleared.removed || (await ports.git.hasTree(path))) {
    throw new TownError("exists", `${path} is in the way: it serves ${branch ?? "no branch"}`);
  }
}

/** The commit that a landed merge request of this session's attempt was made of. */
function landedFrom(
  ports: Pick<PolecatPorts, "ledger">,
  session: PolecatSession,
): string | undefined {
  const { world } = ports.ledger;
  if (world.bead(session.bead)?.closeKind !== "merged") return undefined;
  for (const bead of world.ofWork(session.bead)) {
    const merge = bead.issueType === "merge-request" ? mergeField.read(bead) : undefined;
    if (merge && claimEpoch(merge.epoch) === claimEpoch(session.epoch)) return merge.commit;
  }
  return undefined;
}
