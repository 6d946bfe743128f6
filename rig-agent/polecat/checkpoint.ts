import { agentPerson } from "#services/identity/person.ts";
import type { Worker } from "#services/identity/worker.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { PolecatPorts } from "./ports.ts";
import { workerOf } from "./sessions.ts";

/** What is known of how much of a worktree is on the remote. */
export type Saved = {
  /** The content that was pushed last; undefined while that is not known. */
  readonly pushed: string | undefined;
  /** When content was first seen that is not pushed. */
  readonly unsavedSinceMs: number | undefined;
};

/** How long a change may be on one disk alone, and how often worktrees are looked at. */
export const checkpointAfterMs = 60_000;
const lookEveryMs = 20_000;

/** Whether a worktree is to be pushed now, and what is known of it from here on. */
export function checkpointDue(
  saved: Saved | undefined,
  content: string,
  nowMs: number,
): { readonly due: boolean; readonly saved: Saved } {
  if (saved?.pushed === content) {
    return { due: false, saved: { pushed: content, unsavedSinceMs: undefined } };
  }
  const unsavedSinceMs = saved?.unsavedSinceMs ?? nowMs;
  const due = nowMs - unsavedSinceMs >= checkpointAfterMs;
  return { due, saved: { pushed: saved?.pushed, unsavedSinceMs } };
}

/**
 * Push all that a worker's worktree holds.
 *
 * @returns the commit that holds it; undefined when the remote's branches hold everything already
 */
export async function checkpoint(
  { git, ledger }: Pick<PolecatPorts, "git" | "ledger">,
  worker: Worker,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { worktree: path, agent, beadUid, epoch } = worker;
  const work = ledger.world.bead(beadUid);
  if (!work) throw new TownError("state", `the bead of ${agent} has not arrived here yet`);
  const author = agentPerson(agent);
  return git.pushCheckpoint({ path, bead: work.id, epoch: claimEpoch(epoch), author, signal });
}

/** Push what changed in any worktree a minute ago and is on this disk alone. */
export function runCheckpoints(
  ports: PolecatPorts,
  report: (error: unknown, what: string) => void,
): Actor {
  const known = new Map<string, Saved>();
  const { clock, signal, sessions, git } = ports;
  const round = async () => {
    for (const session of sessions.list()) {
      if (session.state !== "running" || !(await git.hasTree(session.worktree))) {
        known.delete(session.name);
        continue;
      }
      const content = await git.snapshot(session.worktree);
      const { due, saved } = checkpointDue(known.get(session.name), content, clock.nowMs());
      known.set(session.name, saved);
      if (!due) continue;
      try {
        await ports.sessions.inTurn(session.bead, () =>
          checkpoint(ports, workerOf(session), signal),
        );
        known.set(session.name, { pushed: content, unsavedSinceMs: undefined });
      } catch (error) {
        report(error, `checkpoint of ${session.name}`); // The next look tries again.
      }
    }
  };
  return runActor({ name: "checkpoints", clock, signal, everyMs: lookEveryMs, round, report });
}
