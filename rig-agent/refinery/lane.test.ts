import { expect, test, vi } from "vitest";
import { readChain } from "#services/git/authority-chain.ts";
import { runGit } from "#services/git/run-git.ts";
import { addEdges, createBead } from "#services/ledger/drafts.ts";
import { isReady } from "#services/ledger/readiness.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { inbox } from "#services/mail/mail.ts";
import { gateBench } from "./gate-bench.ts";
import { newLane, workLane } from "./lane.ts";
import { scratchRig, worker } from "./scratch-rig.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const poem = ["one", "two", "three", "four", "five", "six", "seven"];
const text = (lines: readonly string[]) => `${lines.join("\n")}\n`;
const changed = (at: number, line: string) => text(poem.with(at, line));

async function show(remote: string, path: string): Promise<string> {
  return (await runGit(["show", `main:${path}`], { cwd: remote })).stdout;
}

test("two independent changes to one file land, each tested as it landed", async () => {
  await using rig = await scratchRig([{ name: "test", command: "grep -q three poem.txt" }]);
  const base = await rig.commit({ "poem.txt": text(poem) });
  const first = await rig.submit("a", { "poem.txt": changed(0, "ONE") });
  const second = await rig.submit("b", { "poem.txt": changed(6, "SEVEN") });
  await workLane(await rig.ports(), "alpha", newLane(), never);
  expect(await show(rig.remote, "poem.txt")).toBe(text(poem.with(0, "ONE").with(6, "SEVEN")));
  const landed = await rig.ref("main");
  expect(rig.bead("al-b")).toMatchObject({ closeKind: "merged", closeCommit: landed });
  expect(rig.bead("al-b").closes).toEqual([`merged:${rig.bead(second).uid}:${landed}`]);
  expect(rig.bead("al-a").closeKind).toBe("merged");
  expect(rig.bead(first)).toMatchObject({ status: "closed", closeKind: "merged" });
  expect(rig.bead(second).fields).toMatchObject({
    "gt.merge_state": "landed",
    "gt.landed_commit": landed,
    "gt.attempts": 1,
    "gt.gates": [{ gate: "test", passed: true, commit: landed }],
  });
  const { landings } = await readChain({ repoDir: rig.repoDir });
  expect(landings.map(({ request }) => request)).toEqual(
    [first, second].map((id) => rig.bead(id).uid),
  );
  const log = await runGit(["log", "-1", "--format=%an|%cn|%s", "main"], { cwd: rig.remote });
  expect(log.stdout.trim()).toBe("alpha/nux|alpha/refinery|Do b (al-b)");
  expect(await rig.ref("main~2")).toBe(base);
});

test("a failing gate sends the request back with its output; the next one lands", async () => {
  await using rig = await scratchRig([{ name: "test", command: "echo looking; test ! -e bad" }]);
  const request = await rig.submit("a", { bad: "x" });
  await rig.submit("b", { good: "x" });
  await workLane(await rig.ports(), "alpha", newLane(), never);
  expect(rig.bead(request)).toMatchObject({ status: "closed", closeKind: "rejected" });
  expect(rig.bead(request).fields).toMatchObject({
    "gt.merge_state": "rejected",
    "gt.gates": [{ gate: "test", passed: false, exitCode: 1, output: "looking" }],
  });
  const work = rig.bead("al-a");
  expect(isReady(work, rig.ledger.world, Date.now())).toBe(true);
  expect(work.fields["gt.rejections"]).toBe(1);
  expect(work.comments[0]?.text).toContain("gate test failed");
  expect(work.comments[0]?.text).toContain("looking");
  expect(inbox(rig.ledger.world, worker)).toHaveLength(1);
  expect(rig.bead("al-b").closeKind).toBe("merged");
});

test("the third rejection defers the bead and tells the overseer", async () => {
  await using rig = await scratchRig([{ name: "test", command: "false" }]);
  const [ports, memory] = [await rig.ports(), newLane()];
  for (let round = 0; round < 3; round += 1) {
    await rig.submit("a", { [`try-${round}`]: "x" });
    await workLane(ports, "alpha", memory, never);
  }
  expect(rig.bead("al-a")).toMatchObject({ status: "deferred" });
  expect(inbox(rig.ledger.world, "overseer")).toHaveLength(1);
  expect(rig.events().match(/rejected/g)).toHaveLength(3);
});

test("a conflict goes back to its bead with the paths", async () => {
  await using rig = await scratchRig([]);
  await rig.commit({ "poem.txt": text(poem) });
  await rig.submit("a", { "poem.txt": changed(3, "A") });
  const second = await rig.submit("b", { "poem.txt": changed(3, "B") });
  await workLane(await rig.ports(), "alpha", newLane(), never);
  expect(rig.bead("al-a").closeKind).toBe("merged");
  expect(rig.bead(second).fields["gt.merge_state"]).toBe("conflict");
  expect(rig.bead("al-b").comments[0]?.text).toContain("conflicts with main in poem.txt");
  expect(isReady(rig.bead("al-b"), rig.ledger.world, Date.now())).toBe(true);
});

test("a branch that is merged already, or not there, closes nothing as merged", async () => {
  await using rig = await scratchRig([]);
  const request = await rig.submit("a", { "a.txt": "a" });
  const merge = rig.bead(request).fields["gt.merge"] as { commit: string };
  await runGit(["update-ref", "refs/heads/main", merge.commit], { cwd: rig.remote });
  const lost = await rig.submit("b", { "b.txt": "b" });
  const gone = {
    ...(rig.bead(lost).fields["gt.merge"] as object),
    commit: "0".repeat(39).concat("1"),
  };
  await rig.ledger.append(worker, [
    { bead: rig.bead(lost).uid, op: "set", values: { fields: { "gt.merge": gone } } },
  ]);
  await workLane(await rig.ports(), "alpha", newLane(), never);
  expect(rig.bead(request).closeReason).toBe("touches nothing: main has all of it");
  expect(rig.bead(lost).closeReason).toContain("has no commit 0000");
  expect(rig.bead("al-a").status).toBe("open");
});

test("a person's push during the gates has it built and tested again, and landed", async () => {
  const script = [
    "test -e $REMOTE/pushed && exit 0; touch $REMOTE/pushed",
    'human=$(git commit-tree -p HEAD~1 -m "by hand" HEAD~1:)',
    "git push -q $REMOTE $human:refs/heads/main",
  ].join("\n");
  const identity = "export GIT_AUTHOR_NAME=h GIT_AUTHOR_EMAIL=h@h GIT_COMMITTER_NAME=h";
  const command = `${identity} GIT_COMMITTER_EMAIL=h@h; ${script}`;
  await using rig = await scratchRig([{ name: "test", command }]);
  const request = await rig.submit("a", { "a.txt": "a" });
  await workLane(await rig.ports(), "alpha", newLane(), never);
  expect(rig.events()).toBe("testing gate target-moved testing gate landed");
  expect(rig.bead(request).fields["gt.attempts"]).toBe(2);
  expect(rig.bead("al-a").closeCommit).toBe(await rig.ref("main"));
  const log = await runGit(["log", "--format=%s", "main"], { cwd: rig.remote });
  expect(log.stdout).toContain("by hand");
});

test("a bead that was claimed again while its gates ran is not landed", async () => {
  await using rig = await scratchRig([{ name: "test", command: "true" }]);
  const request = await rig.submit("a", { "a.txt": "a" });
  const bench = gateBench(systemClock);
  const ports = await rig.ports({
    test: async (run, signal) => {
      if (rig.bead("al-a").claim?.epoch === "1.1") await rig.submit("a", { "b.txt": "b" });
      return bench(run, signal);
    },
  });
  await workLane(ports, "alpha", newLane(), never);
  expect(rig.bead(request).closeReason).toContain("claimed again under 1.2");
  expect(rig.bead("al-a")).toMatchObject({ closeKind: "merged" });
  expect(rig.bead("al-a").fields["gt.rejections"]).toBeUndefined();
  await expect(show(rig.remote, "a.txt")).rejects.toThrow();
});

test("a remote that refuses: held after three tries, landed once it gives way", async () => {
  await using rig = await scratchRig([{ name: "test", command: "true" }]);
  const request = await rig.submit("a", { "a.txt": "a" });
  let nowMs = 0;
  const limits = { refusedRetryMs: 10, heldRetryMs: 60 };
  const [ports, memory] = [await rig.ports({ nowMs: () => nowMs, limits }), newLane()];
  await rig.hook(
    "while read o n ref; do test $ref = refs/heads/main && echo frozen >&2 && exit 1; done; true",
  );
  for (; nowMs <= 40; nowMs += 10) await workLane(ports, "alpha", memory, never);
  expect(rig.bead(request).fields).toMatchObject({
    "gt.merge_state": "held",
    "gt.reason": expect.stringContaining("frozen"),
  });
  expect(inbox(rig.ledger.world, "overseer").map(({ title }) => title)).toEqual([
    `HELD ${request}: Do a`,
  ]);
  expect(rig.events()).toBe("testing gate refused refused refused held");
  await rig.hook("exit 0");
  nowMs += 60;
  await workLane(ports, "alpha", memory, never);
  // The candidate that passed is the one that lands: nothing is tested again.
  expect(rig.bead("al-a").closeKind).toBe("merged");
  expect(rig.events()).toMatch(/held landed$/);
});

test("a request waits for the bead that its own depends on", async () => {
  await using rig = await scratchRig([]);
  await rig.submit("a", { "a.txt": "a" });
  await rig.ledger.append("overseer", [createBead({ uid: "b", id: "al-b", title: "Do b" })]);
  await rig.ledger.append("overseer", [addEdges("a", [{ to: "b", type: "blocks" }])]);
  const [ports, memory] = [await rig.ports(), newLane()];
  await workLane(ports, "alpha", memory, never);
  expect(rig.events()).toBe("");
  await rig.submit("b", { "b.txt": "b" });
  await workLane(ports, "alpha", memory, never);
  expect(rig.news.flatMap(({ event, bead }) => (event === "landed" ? [bead] : []))).toEqual([
    "al-b",
    "al-a",
  ]);
});

test("while the rig's bead cannot be read nothing lands: nobody knows its gates", async () => {
  await using rig = await scratchRig([{ name: "test", command: "true" }]);
  await rig.submit("a", { "a.txt": "a" });
  const ports = await rig.ports();
  const set = { "gt.rig": { later: "version" } };
  const { uid } = rig.bead("hq-rig-alpha");
  await rig.ledger.append("overseer", [{ bead: uid, op: "set", values: { fields: set } }]);
  await workLane(ports, "alpha", newLane(), never);
  expect(rig.events()).toBe("");
});
