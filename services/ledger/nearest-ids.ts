import type { World } from "./world.ts";

const distanceMax = 2;

/** The ids that are most like one that nobody bears, the nearest first. */
export function nearestIds(world: Pick<World, "all">, wanted: string, max = 3): string[] {
  const near: { id: string; distance: number }[] = [];
  for (const { id, deleted } of world.all()) {
    if (deleted) continue;
    const distance = id.endsWith(`-${wanted}`) ? 0 : editDistance(id, wanted, distanceMax);
    if (distance <= distanceMax) near.push({ id, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1));
  return near.slice(0, max).map(({ id }) => id);
}

/** How many characters differ; anything over `max` is told as `max + 1`, and found out early. */
export function editDistance(a: string, b: string, max: number): number {
  if (Math.abs(a.length - b.length) > max) return max + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > max) return max + 1;
    row = next;
  }
  return Math.min(row[b.length] ?? 0, max + 1);
}
