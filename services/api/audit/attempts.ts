import type { Bead } from "#services/ledger/bead.ts";
import { stampTime } from "#services/ledger/clock.ts";
import { claimEpoch, compareEpochs, isEpoch } from "#services/ledger/epoch.ts";
import { type EnrolledRig, rigOfId, rigs } from "#services/ledger/rigs.ts";
import { type Digest, digestField, workField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { takeTurns } from "../take-turns.ts";
import type { Recorded } from "./agent-record.ts";

/**
 * Every attempt that ended: those with a digest, and those without, whose bead was released or
 * claimed again before its work landed.
 */
export async function attempts(world: World, signal: AbortSignal): Promise<Recorded[]> {
  const enrolled = rigs(world);
  const digested = new Set<string>();
  const found: Recorded[] = [];
  for (const bead of world.everyOfType("event")) {
    const digest = digestField.read(bead);
    if (!digest) continue;
    const work = world.bead(workField.read(bead) ?? "");
    if (work && isEpoch(digest.epoch)) digested.add(`${work.uid} ${claimEpoch(digest.epoch)}`);
    // A bead is shown by the name that it bears now.
    const named = work ? { ...digest, bead: work.id } : digest;
    found.push(recorded(named, work, enrolled));
  }
  for await (const bead of takeTurns(world.everywhere(), signal)) {
    for (const attempt of unfinished(bead, world)) {
      if (digested.has(`${bead.uid} ${attempt.epoch}`)) continue;
      found.push(recorded(attempt, bead, enrolled));
    }
  }
  return found;
}

function recorded(
  digest: Digest,
  work: Bead | undefined,
  enrolled: readonly EnrolledRig[],
): Recorded {
  const ofWorker = /^rigs\/([^/]+)\//.exec(digest.worker)?.[1];
  const rig = ofWorker ?? rigOfId(digest.bead, enrolled)?.rig.name ?? "";
  return { digest, title: work?.title ?? "", issueType: work?.issueType ?? "", rig };
}

/** A bead's attempts that a release, or a higher claim, ended; in the shape of a digest. */
function unfinished(bead: Bead, world: World): Digest[] {
  if (!bead.claim) return [];
  const state = world.state(bead.uid);
  const claims = [...(state?.claims.values() ?? [])];
  claims.sort((a, b) => compareEpochs(a.epoch, b.epoch));
  return claims.flatMap(({ epoch, stamp, machine, polecat }, at): Digest[] => {
    const release = state?.releases.get(epoch);
    const end = release?.stamp ?? claims[at + 1]?.stamp;
    if (!end) return [];
    const [startedAt, endedAt] = [stampTime(stamp), stampTime(end)];
    const elapsedMs = Math.max(0, end[0] - stamp[0]);
    const exit = (release?.exit ?? "").toUpperCase();
    const times = { startedAt, endedAt, elapsedMs };
    return [
      { bead: bead.id, worker: polecat, machine, epoch, exit, commit: "", steps: [], ...times },
    ];
  });
}
