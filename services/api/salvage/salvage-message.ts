import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type SalvageSchema, SalvageState } from "#proto/gastown/v1/salvage_service_pb.ts";
import { commitsAhead } from "#services/git/salvage.ts";
import { releaseOf } from "#services/ledger/salvage.ts";
import type { JudgedWork } from "#services/ledger/salvage-state.ts";
import type { World } from "#services/ledger/world.ts";
import { timestampOf } from "../bead-message.ts";
import type { CodePlace } from "./read-salvage.ts";

const states = {
  held: SalvageState.HELD,
  left: SalvageState.LEFT,
  landed: SalvageState.LANDED,
  released: SalvageState.RELEASED,
} as const;

/** Show what one attempt left. */
export async function showSalvage(
  { work, state }: JudgedWork,
  { rig, repoDir }: CodePlace,
  world: World,
): Promise<MessageInitShape<typeof SalvageSchema>> {
  const newest = work.refs[0];
  const bead = world.bead(work.bead);
  const release = bead && releaseOf(bead, work.epoch);
  const releasedAt = timestampOf(release?.at);
  const id = bead?.id ?? work.bead;
  return {
    name: salvageName(id, work.epoch),
    rig: rig.name,
    bead: id,
    epoch: work.epoch,
    refs: work.refs.map(({ ref }) => ref),
    commit: newest.commit,
    saveTime: timestampFromMs(newest.savedMs),
    state: states[state.kind],
    commitsAhead: newest.isMerged ? 0 : await commitsAhead(repoDir, newest, rig.target),
    hasUncommitted: newest.hasUncommitted,
    releasedBy: release?.released_by ?? "",
    ...(releasedAt && { releaseTime: releasedAt }),
  };
}

/** What left work is called. */
export function salvageName(bead: string, epoch: string): string {
  return `${bead}@${epoch}`;
}
