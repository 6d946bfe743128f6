import type { Bead } from "#services/ledger/bead.ts";
import { compareEpochs } from "#services/ledger/epoch.ts";
import { resumeField } from "#services/ledger/salvage.ts";
import { savedField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";

/** The attempt before the present one, which the present one may go on from. */
export type FormerAttempt = {
  readonly epoch: string;
  readonly machine: string;
  readonly polecat: string;
  /** Why it ended; empty where nobody said so. */
  readonly reason: string;
  /** Whether all that it did was pushed before it ended. */
  readonly isWhole: boolean;
};

/** Whose work the present claim of a bead goes on with; undefined where it begins anew. */
export function formerAttempt(world: World, work: Bead): FormerAttempt | undefined {
  const { claim, uid } = work;
  const state = world.state(uid);
  if (!claim || !state || !isContinued(work)) return undefined;
  const earlier = [...state.claims.values()]
    .filter(({ epoch }) => compareEpochs(epoch, claim.epoch) < 0)
    .sort((a, b) => compareEpochs(b.epoch, a.epoch));
  // Somebody may have said that it goes on with an older one.
  const resume = resumeField.read(work);
  const isNamed = resume?.claim === earlier[0]?.epoch && resume?.commit === claim.continueFrom;
  const named = isNamed ? earlier.find(({ epoch }) => epoch === resume?.epoch) : undefined;
  const before = named ?? earlier[0];
  if (!before) return undefined;
  const { epoch, machine, polecat } = before;
  const reason = state.releases.get(epoch)?.reason ?? "";
  return { epoch, machine, polecat, reason, isWhole: savedField.read(work)?.epoch === epoch };
}

function isContinued({ claim }: Bead): boolean {
  return claim !== undefined && (claim.continueFrom !== "" || Object.keys(claim.done).length > 0);
}
