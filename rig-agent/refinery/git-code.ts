import { readChain } from "#services/git/authority-chain.ts";
import { buildCandidate } from "#services/git/candidate.ts";
import { trackingRef } from "#services/git/fetch-remote.ts";
import { cliGit, type Git } from "#services/git/git.ts";
import { land } from "#services/git/land.ts";
import { agentPerson } from "#services/identity/person.ts";
import { refineryOf } from "#services/merge-queue/outcome.ts";
import type { QueuedRequest } from "#services/merge-queue/queue.ts";
import type { CodePorts } from "./ports.ts";

/** The Refinery's hands on repositories, by a git. */
export function codeOver(git: Git): CodePorts {
  return {
    readChain: (place) => readChain({ ...place, git }),
    fetchBranches: async (place, branches) => {
      const refs = branches.map((branch) => `refs/heads/${branch}`);
      await git.fetchRefs(place, refs);
      return Promise.all(refs.map((ref) => git.readRef(place.repoDir, trackingRef(ref))));
    },
    contains: git.isReachable,
    build: (repoDir, request, onto) =>
      buildCandidate({
        repoDir,
        target: onto,
        // The commit that was submitted, wherever the branch has moved since.
        branch: request.merge.commit,
        message: landingMessage(request),
        origin: {
          request: request.uid,
          bead: request.beadId,
          epoch: request.merge.epoch,
          worker: request.merge.worker,
        },
        author: agentPerson(request.merge.worker),
        committer: agentPerson(refineryOf(request.merge.rig)),
        strategy: "merge",
        git,
      }),
    land: (wanted) => land({ ...wanted, git }),
  };
}

/** The Refinery's hands on real repositories. */
export const gitCode: CodePorts = codeOver(cliGit);

function landingMessage({ title, beadId, merge }: QueuedRequest): string {
  const line = title.replaceAll(/\s+/g, " ").trim();
  return `${line} (${beadId})\n\nMerge branch '${merge.branch}' into ${merge.target}`;
}
