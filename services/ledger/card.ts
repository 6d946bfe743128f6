import type { SavedReadiness } from "./ready-index.ts";
import type { Names } from "./store/stored-beads.ts";

/** What a start reads of one bead of the active tier: what it is found by, and how it stands. */
export type Card = { readonly names: Names; readonly readiness: SavedReadiness | undefined };

type Packed = [
  id: readonly string[],
  type: readonly string[],
  work: readonly string[],
  target: readonly string[],
  readiness?: SavedReadiness,
];

/** Write a card as JSON. The first of its ids is the one of its first creation. */
export function writeCard(names: Names, readiness: SavedReadiness | undefined): string {
  const packed: Packed = [names.id, names.type, names.work, names.target];
  if (readiness) packed.push(readiness);
  return JSON.stringify(packed);
}

/** Read what {@link writeCard} wrote. */
export function readCard(text: string): Card {
  const [id, type, work, target, readiness] = JSON.parse(text) as Packed;
  return { names: { id, type, work, target }, readiness };
}
