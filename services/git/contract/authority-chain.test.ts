import { expect, test, vi } from "vitest";
import { townPerson } from "#services/identity/person.ts";
import { authorityRef, readChain, takeTerm } from "../authority-chain.ts";
import { benches } from "./bench.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

test.for(benches)("a chain that never was has term 0 and nobody ($name)", async ({ open }) => {
  await using bench = await open();
  const here = await bench.clone("a");
  const nothing = { tip: undefined, term: 0, holder: undefined, landings: [] };
  expect(await readChain(here)).toEqual(nothing);
});

test.for(benches)("terms rise by one, whoever takes them ($name)", async ({ open }) => {
  await using bench = await open();
  const [a, b] = [await bench.clone("a"), await bench.clone("b")];
  const first = await takeTerm({ ...a, holder: "vm-a" });
  expect(first.term).toBe(1);
  const second = await takeTerm({ ...b, holder: "vm-b", seenTerm: 1 });
  expect(second.term).toBe(2);
  const chain = await readChain(a);
  expect(chain).toEqual({ tip: second.tip, term: 2, holder: "vm-b", landings: [] });
  expect(await bench.ref(authorityRef)).toBe(second.tip);
});

test.for(benches)(
  "of takers at once exactly one wins each term, even under one name ($name)",
  async ({ open }) => {
    await using bench = await open();
    const names = ["a", "b", "c"];
    const clones = await Promise.all(names.map((name) => bench.clone(name)));
    for (let round = 1; round <= 4; round += 1) {
      const tries = clones.map((here) => takeTerm({ ...here, holder: "cloned-vm" }));
      const ended = await Promise.allSettled(tries);
      const won = ended.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const lost = ended.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
      expect(new Set(won.map(({ term }) => term)).size).toBe(won.length);
      for (const reason of lost) expect(reason).toMatchObject({ reason: "stale" });
      // Late ones may have seen the winner's term and taken the next; nobody shares one.
      const chain = await readChain(clones[0] ?? (await bench.clone("d")));
      expect(chain.term).toBe(Math.max(...won.map(({ term }) => term)));
      expect(won.map(({ tip }) => tip)).toContain(chain.tip);
    }
  },
);

test.for(benches)(
  "a rewound chain is not built upon by who has seen more, unless told to ($name)",
  async ({ open }) => {
    await using bench = await open();
    const here = await bench.clone("a");
    const first = await takeTerm({ ...here, holder: "vm-a" });
    await takeTerm({ ...here, holder: "vm-a" });
    await bench.setRef(authorityRef, first.tip);
    const refused = takeTerm({ ...here, holder: "vm-a", seenTerm: 2 });
    await expect(refused).rejects.toMatchObject({ reason: "stale" });
    const again = await takeTerm({ ...here, holder: "vm-a", seenTerm: 2, establish: true });
    expect(again.term).toBe(3);
  },
);

test.for(benches)(
  "what a stranger put on the chain hides nothing below it ($name)",
  async ({ open }) => {
    await using bench = await open();
    const here = await bench.clone("a");
    const { tip } = await takeTerm({ ...here, holder: "vm-a" });
    const { repoDir, git } = here;
    const made = await git.commitTree({
      repoDir,
      tree: await git.emptyTree(repoDir),
      parents: [tip],
      message: "A word of mine",
      trailers: { "Gastown-Term": "-3", "Gastown-Commit": "nonsense" },
      author: townPerson,
      committer: townPerson,
    });
    await git.push({ repoDir, updates: [{ ref: authorityRef, to: made }] });
    expect(await readChain(here)).toMatchObject({ term: 1, holder: "vm-a", landings: [] });
    expect((await takeTerm({ ...here, holder: "vm-a" })).term).toBe(2);
  },
);

test.for(benches)("with the remote away a term cannot be had ($name)", async ({ open }) => {
  await using bench = await open();
  const here = await bench.clone("a");
  await bench.away();
  const taking = takeTerm({ ...here, holder: "vm-a" });
  await expect(taking).rejects.toMatchObject({ reason: "unavailable" });
});
