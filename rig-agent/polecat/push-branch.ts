import type { Worker } from "#services/identity/worker.ts";
import { rigNamed } from "#services/ledger/rigs.ts";
import type { Pushed } from "#services/molecules/submit.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { PolecatPorts } from "./ports.ts";

/**
 * Push the head of a worker's worktree to its own branch; the worker itself cannot push.
 *
 * @returns the commit that is there now, what is not part of it, and how far it is from the target
 * @throws TownError as git does; nothing is pushed while there are uncommitted changes
 */
export async function pushBranch(
  { git, ledger }: Pick<PolecatPorts, "git" | "ledger">,
  worker: Worker,
  signal: AbortSignal,
): Promise<Pushed> {
  const { worktree: path, branch, rig } = worker;
  const target = rigNamed(ledger.world, rig)?.rig.target;
  if (target === undefined) throw new TownError("not_found", `no rig ${rig} is known here`);
  const { dirty, head } = await git.worktreeState(path);
  if (dirty.length > 0) return { commit: head, dirty, ahead: 0 };
  const { commit, ahead } = await git.pushHead({ path, branch, target, signal });
  return { commit, dirty, ahead };
}
