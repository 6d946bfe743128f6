import type { Bead } from "./bead.ts";

/**
 * The id of a bead's next close for one cause: the cause itself, so that closing twice is closing
 * once; numbered after a reopen, since a close that was undone stays undone.
 */
export function closeName(bead: Bead, cause: string): string {
  const before = closesFor(bead, cause).length;
  return before === 0 || bead.status === "closed" ? cause : `${cause}:${before}`;
}

/** The closes that a bead has had for one cause, undone ones too. */
export function closesFor(bead: Bead, cause: string): string[] {
  return bead.closes.filter((close) => close === cause || close.startsWith(`${cause}:`));
}
