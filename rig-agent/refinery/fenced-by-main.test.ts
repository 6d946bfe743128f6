import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { readChain, takeTerm } from "#services/git/authority-chain.ts";
import { probeRemote } from "#services/git/probe.ts";
import { runGit } from "#services/git/run-git.ts";
import { gitCode } from "./git-code.ts";
import { newLane, workLane } from "./lane.ts";
import { scratchRig } from "./scratch-rig.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const onMain = "main";

/** A rig on a host that takes branches one by one, and nothing else. */
async function plainHost(gates: Parameters<typeof scratchRig>[0] = []) {
  const rig = await scratchRig(gates, "", "main");
  const hook = join(rig.remote, "hooks", "update");
  await writeFile(hook, '#!/bin/sh\ncase "$1" in refs/heads/*) ;; *) exit 1;; esac\n');
  await chmod(hook, 0o755);
  await runGit(["config", "receive.advertiseAtomic", "false"], { cwd: rig.remote });
  const none = { canPush: true, customRefs: false, atomic: false };
  expect(await probeRemote(rig.remote)).toMatchObject(none);
  return rig;
}

test("work is tested and lands, and nothing but branches was pushed", async () => {
  await using rig = await plainHost([{ name: "test", command: "test ! -e bad" }]);
  const bad = await rig.submit("a", { bad: "x" });
  const good = await rig.submit("b", { good: "x" });
  const ports = await rig.ports();
  await workLane(ports, "alpha", newLane(), never);
  expect(rig.bead(bad)).toMatchObject({ closeKind: "rejected" });
  const main = await rig.ref("main");
  expect(rig.bead(good)).toMatchObject({ closeKind: "merged", closes: expect.any(Array) });
  expect(rig.bead("al-b")).toMatchObject({ closeKind: "merged", closeCommit: main });
  const third = await rig.submit("c", { third: "x" });
  await workLane(ports, "alpha", newLane(), never);
  expect(rig.bead(third)).toMatchObject({ closeKind: "merged" });
  const refs = await runGit(["for-each-ref", "--format=%(refname)"], { cwd: rig.remote });
  expect(refs.stdout).not.toContain("refs/gastown");
  const chain = await readChain({ repoDir: rig.repoDir, onMain });
  expect(chain.landings.map(({ bead, term }) => [bead, term])).toEqual([
    ["al-b", 1],
    ["al-c", 1],
  ]);
});

test("killed between push and close: the next term closes exactly once", async () => {
  await using rig = await plainHost();
  const request = await rig.submit("a", { "a.txt": "a" });
  const land: typeof gitCode.land = async (wanted) => {
    await gitCode.land(wanted);
    throw new Error("killed");
  };
  const dying = await rig.ports({ code: { ...gitCode, land } });
  await expect(workLane(dying, "alpha", newLane(), never)).rejects.toThrow("killed");
  expect(rig.bead("al-a").status).toBe("in_progress");
  const landed = await rig.ref("main");
  for (const _ of [1, 2]) await workLane(await rig.ports(), "alpha", newLane(), never);
  const close = `merged:${rig.bead(request).uid}:${landed}`;
  expect(rig.bead("al-a")).toMatchObject({ closeKind: "merged", closes: [close] });
  expect(rig.events()).toBe("testing closed-landing");
});

test("a takeover while the gates run fences the landing, and the next one lands it", async () => {
  await using rig = await plainHost([{ name: "test", command: "true" }]);
  await rig.submit("a", { "a.txt": "a" });
  const other = await rig.clone("other");
  const ports = await rig.ports();
  let taken = "";
  const test: typeof ports.test = async (run, signal) => {
    if (taken === "") {
      taken = (await takeTerm({ repoDir: other, holder: "vm-b", onMain })).tip;
    }
    return ports.test(run, signal);
  };
  await workLane({ ...ports, test }, "alpha", newLane(), never);
  expect(ports.terms.of("alpha")).toBeUndefined();
  expect(await rig.ref("main")).toBe(taken);
  expect(rig.bead("al-a").status).toBe("in_progress");
  await workLane(await rig.ports(), "alpha", newLane(), never);
  expect(rig.bead("al-a")).toMatchObject({ closeKind: "merged" });
  expect((await readChain({ repoDir: rig.repoDir, onMain })).term).toBe(3);
});
