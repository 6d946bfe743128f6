import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { fetchAll } from "#services/git/fetch-remote.ts";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { gateBench } from "./gate-bench.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

async function stage() {
  const scratch = await scratchRemote();
  const repoDir = await scratch.clone("repo.git");
  const path = join(scratch.dir, "gates");
  const bench = gateBench(systemClock);
  const { signal } = new AbortController();
  const run = async (commit: string, command: string, setup = "") => {
    await fetchAll({ repoDir });
    const gate = { name: "test", command, timeoutSeconds: 30 };
    return bench({ repoDir, path, commit, setup, gate }, signal);
  };
  return { ...scratch, path, run };
}

test("each gate sees exactly its commit, whatever the one before it did to the tree", async () => {
  await using rig = await stage();
  const first = await rig.commit({ "a.txt": "1", ".gitignore": "cache\n" });
  const second = await rig.commit({ "a.txt": "2" });
  const mess = "echo x >a.txt; echo y >left; echo z >cache; git add -A; git checkout -q -b mine";
  expect(await rig.run(first, mess)).toMatchObject({ passed: true });
  const look = "cat a.txt cache; ls; git rev-parse HEAD";
  const { output } = await rig.run(second, look);
  expect(output).toBe(`2z\nREADME.md\na.txt\ncache\n${second}`);
});

test("the set-up runs in a new worktree, and again when what it installs has changed", async () => {
  await using rig = await stage();
  const setup = "echo >>../setups; mkdir -p node_modules && cp package-lock.json node_modules/";
  const count = "wc -l <../setups; cat node_modules/package-lock.json";
  const first = await rig.commit({ "package-lock.json": "one", "a.txt": "1" });
  const second = await rig.commit({ "a.txt": "2" });
  const third = await rig.commit({ "package-lock.json": "two" });
  expect((await rig.run(first, count, setup)).output).toBe("1\none");
  expect((await rig.run(first, count, setup)).output).toBe("1\none");
  // What it made stays although the project does not ignore it.
  expect((await rig.run(second, count, setup)).output).toBe("1\none");
  expect((await rig.run(third, count, setup)).output).toBe("2\ntwo");
  expect((await rig.run(second, count, setup)).output).toBe("3\none");
  expect((await rig.run(second, count, `${setup} `)).output).toBe("4\none");
});

test("a set-up that fails answers in the gate's place, and is tried again", async () => {
  await using rig = await stage();
  const commit = await rig.commit({ "a.txt": "1" });
  const failing = await rig.run(commit, "touch ../ran", "echo no network; exit 7");
  expect(failing).toMatchObject({ gate: "setup", passed: false, exitCode: 7 });
  expect(failing.output).toBe("no network");
  expect(existsSync(join(rig.dir, "ran"))).toBe(false);
  expect(await rig.run(commit, "true", "true")).toMatchObject({ gate: "test", passed: true });
});
