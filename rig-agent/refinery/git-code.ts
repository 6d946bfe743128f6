import { readChain } from "#services/git/authority-chain.ts";
import { buildCandidate } from "#services/git/candidate.ts";
import { fetchRefs, isReachable, readRef, trackingRef } from "#services/git/fetch-remote.ts";
import { land } from "#services/git/land.ts";
import { agentPerson } from "#services/identity/person.ts";
import { refineryOf } from "#services/merge-queue/outcome.ts";
import type { QueuedRequest } from "#services/merge-queue/queue.ts";
import type { CodePorts } from "./ports.ts";

/** The Refinery's hands on real repositories. */
export const gitCode: CodePorts = {
  readChain,
  fetchBranches: async (place, branches) => {
    const refs = branches.map((branch) => `refs/heads/${branch}`);
    await fetchRefs(place, refs);
    return Promise.all(refs.map((ref) => readRef(place.repoDir, trackingRef(ref))));
  },
  contains: isReachable,
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
    }),
  land,
};

function landingMessage({ title, beadId, merge }: QueuedRequest): string {
  const line = title.replaceAll(/\s+/g, " ").trim();
  return `${line} (${beadId})\n\nMerge branch '${merge.branch}' into ${merge.target}`;
}
