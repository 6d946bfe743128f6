import { expect, test } from "vitest";
import { Store } from "./store.ts";
import type { Leaving } from "./stored-beads.ts";

const names = { id: [], type: [], work: [], target: [] };

function leaving(n: number, tier: Leaving["tier"]): Leaving {
  const month = `2025-0${(n % 7) + 1}`;
  return { uid: `u${n}`, tier, state: `{"n":${n}}`, names, text: "", month };
}

function put(store: Store, beads: readonly Leaving[]): void {
  store.begin();
  store.beads.putBelow(beads);
  store.commit();
}

test("a walk over what is archived goes block by block, and comes to each bead once", () => {
  const store = new Store(":memory:", "vm-a");
  const archived = Array.from({ length: 2_000 }, (_, n) => leaving(n, "archive"));
  put(store, archived);
  const walked = [...store.beads.everyBelow("archive")];
  expect(walked.toSorted()).toEqual(archived.map(({ uid }) => uid).toSorted());
  const months = walked.map((uid) => Number(uid.slice(1)) % 7);
  const changes = months.filter((month, at) => at > 0 && month !== months[at - 1]);
  expect(changes).toHaveLength(6);
  store.close();
});

test("what goes down further while all is walked comes once", () => {
  const store = new Store(":memory:", "vm-a");
  const count = 600;
  put(
    store,
    Array.from({ length: count }, (_, n) => leaving(n, n % 2 === 0 ? "recent" : "archive")),
  );
  const walked: string[] = [];
  for (const uid of store.beads.everyBelow()) {
    if (walked.push(uid) === 10) put(store, [leaving(2, "archive"), leaving(598, "archive")]);
  }
  expect(walked).toHaveLength(count);
  expect(new Set(walked).size).toBe(count);
  store.close();
});
