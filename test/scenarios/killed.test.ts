import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { foldLines, ledgerLines } from "../../deploy/local/verify/read-ledger.ts";
import { runProgram } from "./gt.ts";
import { addingFile, makeProject, onMain } from "./project.ts";
import { file, holdUp, landed } from "./steps.ts";
import { hasNats, ledgerRemoteIn, openTown, sceneMsMax, type TownFixture } from "./town-fixture.ts";

vi.setConfig({ testTimeout: sceneMsMax, hookTimeout: sceneMsMax });

let town: TownFixture;
let remote: string;
let adopted: string;
beforeAll(async () => {
  town = await openTown({ bus: (await hasNats()) ? "nats" : "none", machines: ["vm-a"] });
  remote = await makeProject(town.home, "alpha");
  await town.gt("rig", "add", "alpha", remote, "--gate", "sh check.sh");
});
afterAll(() => town?.stop());

test("a second process on one home is refused, and the first goes on", async () => {
  const place = { cwd: town.home, env: {} };
  const other = await runProgram(
    "town/main.ts",
    ["--home", join(town.home, "town"), "--ledger-remote", ledgerRemoteIn(town.home)],
    place,
  );
  expect(other).toMatchObject({ code: 1, stdout: "" });
  expect(other.stderr).toMatch(/^process \d+ runs on .*: stop it first, or use another home\n$/);
  const home = join(town.home, "machines", "vm-a");
  const agent = await runProgram("rig-agent/main.ts", ["--machine", "vm-a", "--home", home], place);
  expect(agent.code).toBe(1);
  expect(agent.stderr).toMatch(/^process \d+ runs on /);
  expect(await town.gt("status")).toMatchObject({ code: 0 });
});

test("a rig-agent killed right after a claim goes on with that claim", async () => {
  const patch = addingFile("words/claimed.txt", "claimed");
  const id = await file(town, { rig: "alpha", title: "Claimed", patch });
  const claim = await town.until(`${id} is claimed`, async () => {
    const { bead } = await town.client(WorkService).getBead({ id });
    return bead?.claim;
  });
  await town.kill("machines/vm-a");
  await town.startMachine("vm-a");
  await landed(town, id);
  const { mergeRequest } = await town.client(MergeQueueService).getMergeRequest({ id });
  expect(mergeRequest).toMatchObject({ epoch: claim.epoch, worker: claim.polecat });
  expect(await onMain(remote, "words/claimed.txt")).toBe("claimed\n");
});

test("a rig-agent killed in mid-step adopts its worker, which loses nothing", async () => {
  const { id, letGo } = await holdUp(town, "adopted");
  adopted = id;
  await town.kill("machines/vm-a");
  letGo();
  await town.startMachine("vm-a");
  await landed(town, id);
  expect(await onMain(remote, "words/adopted.txt")).toBe("adopted\n");
});

test("a town killed in the middle finds the work done without it, and goes on", async () => {
  const { id, letGo } = await holdUp(town, "alone");
  await town.kill("town");
  letGo();
  await town.said("machines/vm-a", '"event":"landed"', id);
  expect(await onMain(remote, "words/alone.txt")).toBe("alone\n");
  await town.startTown();
  await landed(town, id);
  const patch = addingFile("words/after.txt", "after");
  await landed(town, await file(town, { rig: "alpha", title: "After", patch }));
});

test("after all that, git alone tells that each step was done once", async () => {
  await town.halt();
  const remoteLines = await ledgerLines(ledgerRemoteIn(town.home), AbortSignal.timeout(30_000));
  const { world, events, faults } = await foldLines(remoteLines);
  expect(faults).toEqual([]);
  const steps = events.filter(
    ({ op, values }) => op === "close" && /^step:/.test(String(values["close"])),
  );
  const done = steps.map(({ bead }) => bead);
  expect(done.length).toBeGreaterThan(30);
  expect(new Set(done).size).toBe(done.length);
  // Whoever was adopted was not started a second time.
  const uid = world.bead(adopted)?.uid;
  const spawns = events.filter(({ op, bead }) => op === "spawn" && bead === uid);
  expect(spawns).toMatchObject([{ epoch: expect.stringMatching(/\.0$/) }]);
});
