import type { Bead } from "#services/ledger/bead.ts";
import { mergeField, workField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { mergedClose } from "./outcome.ts";

/** A landing as the chain of authority has it. */
export type Recorded = { readonly request: string; readonly commit: string };

/**
 * Whether the ledger knows of a landing: `settled` once request and bead were closed for it,
 * `unknown` while one of them has not arrived here.
 *
 * Only the chain is asked what landed. That a commit's trailers name a bead says nothing: anyone
 * who can push a branch can write them, and a cherry-pick carries them along.
 */
export function landingState(
  { request, commit }: Recorded,
  world: World,
): "settled" | "open" | "unknown" {
  const bead = world.bead(request);
  const work = bead && world.bead(workField.read(bead) ?? "");
  if (!bead || !work || !mergeField.read(bead)) return "unknown";
  const close = mergedClose(bead.uid, commit);
  const isSettled = ({ closes, deleted }: Bead) => deleted || closes.includes(close);
  return isSettled(bead) && isSettled(work) ? "settled" : "open";
}
