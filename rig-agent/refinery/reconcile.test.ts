import { expect, test, vi } from "vitest";
import { takeTerm } from "#services/git/authority-chain.ts";
import { runGit } from "#services/git/run-git.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { gateBench } from "./gate-bench.ts";
import { gitCode } from "./git-code.ts";
import { newLane, workLane } from "./lane.ts";
import { scratchRig } from "./scratch-rig.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;

test("killed between push and close: the next one closes exactly once", async () => {
  await using rig = await scratchRig([]);
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
  expect(rig.bead(request)).toMatchObject({ closeKind: "merged", closes: [close] });
  expect(rig.events()).toBe("testing closed-landing");
  expect(await rig.ref("main")).toBe(landed);
});

test("a landing that the disk had no room for is closed later, and not judged anew", async () => {
  await using rig = await scratchRig([]);
  await rig.submit("a", { "a.txt": "a" });
  let [isFull, refusals] = [false, 0];
  const land: typeof gitCode.land = async (wanted) => {
    const outcome = await gitCode.land(wanted);
    isFull = true;
    return outcome;
  };
  const append: typeof rig.ledger.append = async (actor, drafts) => {
    if (isFull) refusals += 1;
    if (isFull) throw new TownError("exhausted", "no space left on the disk");
    return rig.ledger.append(actor, drafts);
  };
  const ledger = { ...rig.ledger, append };
  const [ports, memory] = [await rig.ports({ ledger, code: { ...gitCode, land } }), newLane()];
  for (const _ of [1, 2]) {
    await expect(workLane(ports, "alpha", memory, never)).rejects.toThrow("no space");
  }
  isFull = false;
  await workLane(ports, "alpha", memory, never);
  expect(refusals).toBe(2);
  expect(rig.bead("al-a")).toMatchObject({ status: "closed", closeKind: "merged" });
});

test("a landing whose request has not arrived is closed when it has", async () => {
  await using rig = await scratchRig([]);
  await rig.submit("a", { "a.txt": "a" });
  await workLane(await rig.ports(), "alpha", newLane(), never);
  // Another machine takes over; of the ledger it has the rig's bead alone.
  await using other = await scratchRig([]);
  const [ports, memory] = [await rig.ports({ ledger: other.ledger }), newLane()];
  await workLane(ports, "alpha", memory, never);
  expect(memory.pending).toHaveLength(1);
  for (const segment of rig.ledger.segments()) {
    const bytes = await rig.ledger.segmentBytes(segment);
    other.ledger.receive(Buffer.from(bytes).toString("utf8").split("\n"), segment.name);
  }
  await workLane(ports, "alpha", memory, never);
  expect(memory.pending).toEqual([]);
  expect(other.bead("al-a").closeKind).toBe("merged");
});

test("what landed is not done again though its worker's last words are lost", async () => {
  await using rig = await scratchRig([]);
  const request = await rig.submit("a", { "a.txt": "a" });
  await workLane(await rig.ports(), "alpha", newLane(), never);
  await using other = await scratchRig([]);
  for (const { line } of rig.ledger.log()) {
    if (line.includes(`"${rig.bead(request).uid}"`)) break;
    other.ledger.receive([line], "git");
  }
  expect(other.bead("al-a")).toMatchObject({ status: "in_progress" });
  const [ports, memory] = [await rig.ports({ ledger: other.ledger }), newLane()];
  await workLane(ports, "alpha", memory, never);
  const [close] = rig.bead("al-a").closes;
  expect(other.bead("al-a")).toMatchObject({ closeKind: "merged", closes: [close] });
  expect(memory.pending).toHaveLength(1);
  other.ledger.receive(
    [...rig.ledger.log()].map(({ line }) => line),
    "git",
  );
  await workLane(ports, "alpha", memory, never);
  expect(memory.pending).toEqual([]);
  expect(other.bead(request)).toMatchObject({ closeKind: "merged", closes: [close] });
  expect(other.bead("al-a").closes).toEqual([close]);
});

test("only the chain says what landed, whatever a commit's trailers say", async () => {
  await using rig = await scratchRig([{ name: "test", command: "false" }]);
  const request = await rig.submit("a", { "a.txt": "a" });
  const { uid } = rig.bead(request);
  const forged = `By hand\n\nGastown-Request: ${uid}\nGastown-Bead: al-a\nGastown-Epoch: 1.1\n`;
  const args = ["commit-tree", "-p", "main", "-m", forged, "main:"];
  const env = Object.fromEntries(
    ["AUTHOR", "COMMITTER"].flatMap((who) => [
      [`GIT_${who}_NAME`, "h"],
      [`GIT_${who}_EMAIL`, "h@h"],
    ]),
  );
  const { stdout } = await runGit(args, { cwd: rig.remote, env });
  await runGit(["update-ref", "refs/heads/main", stdout.trim()], { cwd: rig.remote });
  await workLane(await rig.ports(), "alpha", newLane(), never);
  expect(rig.bead("al-a").status).toBe("open");
  expect(rig.bead(request).closeKind).toBe("rejected");
});

test("deposed while its gates run, it lands and closes nothing", async () => {
  await using rig = await scratchRig([{ name: "test", command: "true" }]);
  const request = await rig.submit("a", { "a.txt": "a" });
  const main = await rig.ref("main");
  const bench = gateBench(systemClock);
  const ports = await rig.ports({
    test: async (run, signal) => {
      await takeTerm({ repoDir: await rig.clone("other.git"), holder: "vm-b" });
      return bench(run, signal);
    },
  });
  await workLane(ports, "alpha", newLane(), never);
  expect(rig.events()).toBe("testing gate fenced");
  expect(ports.terms.of("alpha")).toBeUndefined();
  expect(await rig.ref("main")).toBe(main);
  expect(rig.bead("al-a").status).toBe("in_progress");
  expect(rig.bead(request).fields["gt.merge_state"]).toBe("testing");
  // The new holder goes on with it.
  await workLane(await rig.ports(), "alpha", newLane(), never);
  expect(rig.bead("al-a").closeKind).toBe("merged");
});

test("one that was deposed while away finds out before it builds anything", async () => {
  await using rig = await scratchRig([]);
  await rig.submit("a", { "a.txt": "a" });
  const ports = await rig.ports();
  await takeTerm({ repoDir: await rig.clone("other.git"), holder: "vm-b" });
  await workLane(ports, "alpha", newLane(), never);
  expect(rig.events()).toBe("fenced");
});

test("an answer that was lost is looked up, not guessed", async () => {
  await using rig = await scratchRig([]);
  await rig.submit("a", { "a.txt": "a" });
  let answers = 0;
  const land: typeof gitCode.land = async (wanted) => {
    const outcome = await gitCode.land(wanted);
    answers += 1;
    return answers === 1 ? { kind: "unknown", why: "hung up" } : outcome;
  };
  const [ports, memory] = [await rig.ports({ code: { ...gitCode, land } }), newLane()];
  await expect(workLane(ports, "alpha", memory, never)).rejects.toThrow("hung up");
  await workLane(ports, "alpha", memory, never);
  expect(rig.bead("al-a").closeKind).toBe("merged");
  await rig.submit("b", { "b.txt": "b" });
  await workLane(ports, "alpha", memory, never);
  expect(rig.events()).toBe("testing closed-landing testing landed");
});
