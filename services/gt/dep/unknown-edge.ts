import { editDistance } from "#services/ledger/nearest-ids.ts";

const blocking = ["blocks", "conditional-blocks", "waits-for", "parent-child"];
/** What Beads knows besides: relations that hold nobody back. */
const relations = [
  ...["related", "discovered-from", "replies-to", "relates-to", "duplicates", "supersedes"],
  ...["authored-by", "assigned-to", "approved-by", "tracks", "until", "caused-by", "validates"],
  "delegated-from",
];
const distanceMax = 2;

/** What to say of a type that nobody knows: it is taken, but it holds nothing back. */
export function unknownType(type: string): string | undefined {
  const known = [...blocking, ...relations];
  if (known.includes(type)) return undefined;
  const [near] = known
    .map((name) => ({ name, distance: editDistance(name, type, distanceMax) }))
    .filter(({ distance }) => distance <= distanceMax)
    .sort((a, b) => a.distance - b.distance);
  const meant = near ? `; did you mean ${near.name}?` : "";
  return `${type} is not among the types that block (${blocking.join(", ")})${meant}`;
}
