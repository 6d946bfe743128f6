import type { Bead } from "../bead.ts";
import {
  addComment,
  addEdges,
  closeBead,
  createBead,
  forRequest,
  moveBead,
  reopenBead,
  setFields,
  tombstone,
} from "../drafts.ts";
import type { Draft } from "../event.ts";
import type { Tier } from "../tier.ts";
import type { World } from "../world.ts";

/** Beads that several writers write of, and a word that stands in the text of each alone. */
export const storeUids = Array.from({ length: 24 }, (_, index) => `u${index}`);
export const storeRequests = storeUids.map((uid) => `make-${uid}`);
export const wordOf = (uid: string) => `needle-${uid}-`;

type Random = (below: number) => number;

/** What a writer does next to one of the beads: makes it, works on it, moves it down and up. */
export function workOn(world: World, random: Random): readonly Draft[] {
  const uid = storeUids[random(storeUids.length)] ?? "";
  const bead = world.bead(uid);
  if (!bead) return forRequest(`make-${uid}`, [creation(uid, random)]);
  if (bead.tier === "archive" && random(2) === 0) return [reopenBead(bead, "again")];
  return bead.status === "closed" ? afterwards(bead, random) : work(bead, random);
}

function creation(uid: string, random: Random): Draft {
  // Some are created under one id, and one of them is renamed.
  const id = random(5) === 0 ? "alpha-shared" : `alpha-${uid}`;
  const fields = { description: `${wordOf(uid)} ${"hay ".repeat(random(300))}` };
  return createBead({ uid, id, title: `Title of ${uid}`, fields });
}

function work(bead: Bead, random: Random): readonly Draft[] {
  const { uid } = bead;
  // Towards the first ones only: what stands in a circle has a test of its own.
  const other = storeUids[random(Math.max(1, storeUids.indexOf(uid)))] ?? "";
  const choices: (() => Draft)[] = [
    () => setFields(uid, { title: `Title ${random(1_000)}`, priority: random(5) }),
    () => addComment(uid, { author: "ann", text: `comment ${random(1_000)}` }),
    () => addEdges(uid, [{ to: other, type: random(2) === 0 ? "blocks" : "parent-child" }]),
  ];
  if (random(3) > 0) {
    const closed = closeBead(uid, { close: `c${random(50)}`, kind: "done", reason: "" });
    return [closed, moveBead(uid, lower(random))];
  }
  return [choices[random(choices.length)]?.() ?? setFields(uid, {})];
}

function afterwards(bead: Bead, random: Random): readonly Draft[] {
  const { uid } = bead;
  const what = random(8);
  if (what === 0) return [tombstone(uid, "no more"), moveBead(uid, lower(random))];
  if (what < 3) return [reopenBead(bead, "again")];
  if (what === 3) return [addComment(uid, { author: "ann", text: `late ${random(1_000)}` })];
  return [moveBead(uid, lower(random))];
}

function lower(random: Random): Tier {
  return random(2) === 0 ? "recent" : "archive";
}
