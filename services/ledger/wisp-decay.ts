import type { Bead } from "./bead.ts";
import type { World } from "./world.ts";

/** How long wisps stay. */
export type WispAges = {
  /** After a wisp is over: closed, burned or squashed. */
  readonly maxAgeMs: number;
  /** After the last change of one whose owner is gone. */
  readonly abandonedMaxAgeMs: number;
};

/** What goes: whole wisps by their roots, and the uids of all that is in them. */
export type Decay = {
  readonly roots: readonly Bead[];
  readonly gone: ReadonlySet<string>;
};

type Wisp = { readonly root: Bead; readonly beads: Bead[] };

/**
 * Which wisps are to leave no trace now: a root goes with everything below it, or stays with it.
 *
 * What a wisp that stays has an edge to stays too: a target that is missing would block.
 *
 * @param isAbandoned whether who an open wisp belongs to is gone
 */
export function decay(
  world: Pick<World, "everywhere" | "bead">,
  nowMs: number,
  ages: WispAges,
  isAbandoned: (root: Bead) => boolean,
): Decay {
  const wisps = wispsOf(world);
  const staying: Wisp[] = [];
  const going = new Map<string, Wisp>();
  for (const wisp of wisps.values()) {
    if (isPast(wisp, nowMs, ages, isAbandoned)) going.set(wisp.root.uid, wisp);
    else staying.push(wisp);
  }
  const homes = new Map<string, string>();
  for (const { root, beads } of going.values())
    for (const { uid } of beads) homes.set(uid, root.uid);
  for (let next = staying.pop(); next; next = staying.pop()) {
    for (const edge of next.beads.flatMap(({ dependencies }) => dependencies)) {
      const home = homes.get(edge.uid ?? edge.to) ?? "";
      const target = going.get(home);
      if (!target) continue;
      going.delete(home);
      staying.push(target);
    }
  }
  const gone = [...going.values()].flatMap(({ beads }) => beads.map(({ uid }) => uid));
  return { roots: [...going.values()].map(({ root }) => root), gone: new Set(gone) };
}

/** Every bead of the store under the topmost one above it. */
function wispsOf(world: Pick<World, "everywhere" | "bead">): Map<string, Wisp> {
  const wisps = new Map<string, Wisp>();
  for (const bead of world.everywhere()) {
    const root = rootOf(world, bead);
    const held = wisps.get(root.uid);
    if (held) held.beads.push(bead);
    else wisps.set(root.uid, { root, beads: [bead] });
  }
  return wisps;
}

/** The topmost bead above one. Of a circle of parents it is the least uid, asked from anywhere. */
function rootOf(world: Pick<World, "bead">, bead: Bead): Bead {
  const line = [bead];
  for (let at = bead; ; ) {
    const up = at.parent === undefined ? undefined : world.bead(at.parent);
    if (!up) return at;
    const met = line.findIndex(({ uid }) => uid === up.uid);
    if (met >= 0) return line.slice(met).reduce((a, b) => (a.uid < b.uid ? a : b));
    line.push(up);
    at = up;
  }
}

function isPast(
  { root, beads }: Wisp,
  nowMs: number,
  { maxAgeMs, abandonedMaxAgeMs }: WispAges,
  isAbandoned: (root: Bead) => boolean,
): boolean {
  const changedMs = Math.max(...beads.map(({ updatedAt }) => Date.parse(updatedAt)));
  const ageMs = nowMs - changedMs; // NaN, where a date cannot be read, is no age at all.
  const isOver = root.deleted || (isClosed(root) && beads.every(isClosed));
  if (isOver) return ageMs > maxAgeMs;
  return ageMs > abandonedMaxAgeMs && isAbandoned(root);
}

function isClosed({ status, deleted }: Bead): boolean {
  return deleted || status === "closed";
}
