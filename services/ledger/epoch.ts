import { TownError } from "#services/rpc/town-error.ts";

/**
 * A claim's epoch, `<term>.<n>`, with the respawn number behind it where it names one incarnation
 * of the worker: `4.2`, `4.2.1`.
 */
export type Epoch = {
  readonly term: number;
  readonly count: number;
  readonly respawn: number | undefined;
};

const form = /^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})(?:\.(0|[1-9]\d{0,14}))?$/;

/** Whether `text` reads as an epoch. */
export function isEpoch(text: string): boolean {
  return form.test(text);
}

/** Read an epoch. Throws `invalid` where it is none. */
export function parseEpoch(text: string): Epoch {
  const parts = form.exec(text);
  if (!parts) throw new TownError("invalid", `not an epoch: ${JSON.stringify(text)} (want 4.2)`);
  const respawn = parts[3] === undefined ? undefined : Number(parts[3]);
  return { term: Number(parts[1]), count: Number(parts[2]), respawn };
}

/** The claim's part of an epoch: `4.2` of `4.2.1`. */
export function claimEpoch(text: string): string {
  const { term, count } = parseEpoch(text);
  return `${term}.${count}`;
}

/** Order the claims that two epochs belong to, whatever their respawns. */
export function compareEpochs(a: string, b: string): number {
  const [left, right] = [parseEpoch(a), parseEpoch(b)];
  return left.term - right.term || left.count - right.count;
}

/** The next epoch of a bead under `term`, above `highest`. */
export function nextEpoch(term: number, highest: string | undefined): string {
  if (highest === undefined) return `${term}.1`;
  const last = parseEpoch(highest);
  if (last.term > term) throw new TownError("stale", `term ${term} is behind epoch ${highest}`);
  return `${term}.${last.count + 1}`;
}
