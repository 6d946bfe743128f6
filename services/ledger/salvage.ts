import { z } from "zod";
import { type Bead, isHeld } from "./bead.ts";
import type { Json } from "./bead-state.ts";
import { claimEpoch, isEpoch } from "./epoch.ts";
import type { Cursor } from "./event.ts";
import { gtField } from "./gt-field.ts";

/** That a bead's next claim goes on from what an attempt left; it holds for one claim alone. */
export const Resume = z.object({
  /** Whose work it is, `4.2`. */
  epoch: z.string().refine(isEpoch),
  commit: z.string().min(1),
  /** The highest epoch that was seen, or empty: a later claim has taken the wish up. */
  claim: z.string().default(""),
  by: z.string(),
});
export type Resume = z.infer<typeof Resume>;

/** On a work bead. */
export const resumeField = gtField("gt.resume", Resume);

/** Where the next attempt at a bead shall go on from, where somebody said so. */
export function resumePoint(bead: Bead): Resume | undefined {
  const resume = resumeField.read(bead);
  if (!resume || isHeld(bead)) return undefined;
  return resume.claim === (bead.claim?.epoch ?? "") ? resume : undefined;
}

/**
 * The cursor of a bead's next claim where somebody said what it goes on from, else the one given.
 *
 * Steps count as done only where the work that they were done with is the work that is taken up.
 */
export function resumed(bead: Bead, cursor?: Cursor): Cursor | undefined {
  const resume = resumePoint(bead);
  if (!resume) return cursor;
  const isLast = bead.claim !== undefined && claimEpoch(bead.claim.epoch) === resume.epoch;
  return { steps: isLast ? (cursor?.steps ?? {}) : {}, commit: resume.commit };
}

/** That what an attempt left is needed no more. */
export const Released = z.object({
  released_by: z.string(),
  at: z.string(),
  /** What was there to be let go of; what its machine pushed later, nobody has seen yet. */
  commits: z.array(z.string()).optional(),
});
export type Released = z.infer<typeof Released>;

/** The release of what one attempt left; a field for each, so that none undoes another. */
export function releasedField(epoch: string): string {
  return `gt.salvage.${epoch}`;
}

/** Who let go of what an attempt left, and when; undefined where nobody did. */
export function releaseOf(bead: Bead, epoch: string): Released | undefined {
  const written: Json | undefined = bead.fields[releasedField(epoch)];
  return written === undefined ? undefined : Released.safeParse(written).data;
}
