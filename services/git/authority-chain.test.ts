import { randomUUID } from "node:crypto";
import { rename } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { authorityRef, readChain, takeTerm } from "./authority-chain.ts";
import { runGit } from "./run-git.ts";
import { scratchRemote, somebody } from "./scratch-remote.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

test("a chain that never was has term 0 and nobody", async () => {
  await using scratch = await scratchRemote();
  const repoDir = await scratch.clone("a");
  const nothing = { tip: undefined, term: 0, holder: undefined, landings: [] };
  expect(await readChain({ repoDir })).toEqual(nothing);
});

test("terms rise by one, whoever takes them", async () => {
  await using scratch = await scratchRemote();
  const [a, b] = [await scratch.clone("a"), await scratch.clone("b")];
  const first = await takeTerm({ repoDir: a, holder: "vm-a" });
  expect(first.term).toBe(1);
  const second = await takeTerm({ repoDir: b, holder: "vm-b", seenTerm: 1 });
  expect(second.term).toBe(2);
  const chain = await readChain({ repoDir: a });
  expect(chain).toEqual({ tip: second.tip, term: 2, holder: "vm-b", landings: [] });
  expect(await scratch.ref(authorityRef)).toBe(second.tip);
});

test("of takers at once exactly one wins each term, even under one name", async () => {
  await using scratch = await scratchRemote();
  const names = ["a", "b", "c"];
  const dirs = await Promise.all(names.map((name) => scratch.clone(name)));
  for (let round = 1; round <= 4; round += 1) {
    const tries = dirs.map((repoDir) => takeTerm({ repoDir, holder: "cloned-vm" }));
    const ended = await Promise.allSettled(tries);
    const won = ended.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const lost = ended.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(new Set(won.map(({ term }) => term)).size).toBe(won.length);
    for (const reason of lost) expect(reason).toMatchObject({ reason: "stale" });
    // Late ones may have seen the winner's term and taken the next; nobody shares one.
    const chain = await readChain({ repoDir: dirs[0] ?? "" });
    expect(chain.term).toBe(Math.max(...won.map(({ term }) => term)));
    expect(won.map(({ tip }) => tip)).toContain(chain.tip);
  }
});

test("a rewound chain is not built upon by who has seen more, unless told to", async () => {
  await using scratch = await scratchRemote();
  const repoDir = await scratch.clone("a");
  const first = await takeTerm({ repoDir, holder: "vm-a" });
  await takeTerm({ repoDir, holder: "vm-a" });
  await runGit(["update-ref", authorityRef, first.tip], { cwd: scratch.remote });
  const refused = takeTerm({ repoDir, holder: "vm-a", seenTerm: 2 });
  await expect(refused).rejects.toMatchObject({ reason: "stale" });
  const again = await takeTerm({ repoDir, holder: "vm-a", seenTerm: 2, establish: true });
  expect(again.term).toBe(3);
});

test("what a stranger put on the chain hides nothing below it", async () => {
  await using scratch = await scratchRemote();
  const repoDir = await scratch.clone("a");
  const { tip } = await takeTerm({ repoDir, holder: "vm-a" });
  const tree = (await runGit(["mktree"], { cwd: scratch.remote, input: "" })).stdout.trim();
  const words = `${randomUUID()}\n\nGastown-Term: -3\nGastown-Commit: nonsense`;
  const made = await runGit(["commit-tree", tree, "-p", tip, "-m", words], {
    cwd: scratch.remote,
    env: somebody,
  });
  await runGit(["update-ref", authorityRef, made.stdout.trim()], { cwd: scratch.remote });
  expect(await readChain({ repoDir })).toMatchObject({ term: 1, holder: "vm-a", landings: [] });
  expect((await takeTerm({ repoDir, holder: "vm-a" })).term).toBe(2);
});

test("with the remote away a term cannot be had", async () => {
  await using scratch = await scratchRemote();
  const repoDir = await scratch.clone("a");
  await rename(scratch.remote, `${scratch.remote}.away`);
  const taking = takeTerm({ repoDir, holder: "vm-a" });
  await expect(taking).rejects.toMatchObject({ reason: "unavailable" });
});
