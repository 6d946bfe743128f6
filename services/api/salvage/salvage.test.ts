import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, test, vi } from "vitest";
import {
  GetSalvageRequestSchema,
  ListSalvageRequestSchema,
  ReleaseSalvageRequestSchema,
  RestoreSalvageRequestSchema,
  SalvageState,
} from "#proto/gastown/v1/salvage_service_pb.ts";
import { checkpointRef, pushCheckpoint } from "#services/git/checkpoint.ts";
import { commitFiles, scratchRemote, writeFiles } from "#services/git/scratch-remote.ts";
import { addWorktree, polecatBranch } from "#services/git/worktree.ts";
import { agentPerson } from "#services/identity/person.ts";
import {
  claimBead,
  closeBead,
  createBead,
  releaseBead,
  setFields,
} from "#services/ledger/drafts.ts";
import { resumePoint } from "#services/ledger/salvage.ts";
import type { CallContext } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { scratchTown } from "../scratch-town.ts";
import { codeClones } from "./code-clones.ts";
import { salvageService } from "./salvage-service.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const polecat = "rigs/alpha/polecats/nux";

/** A town whose rig alpha has one bead, worked on once: a commit and an uncommitted change. */
async function scratch() {
  const remote = await scratchRemote();
  const town = await scratchTown();
  await town.write(
    setFields(town.ledger.world.bead("hq-rig-alpha")?.uid ?? "", {
      "gt.rig": { name: "alpha", prefix: "alpha", remote: remote.remote, target: "main" },
    }),
    createBead({ uid: "a", id: "alpha-a", title: "a" }),
    claimBead("a", "1.1", { machine: "vm-a", polecat }),
  );
  const repoDir = await remote.clone("machine");
  const path = join(remote.dir, "nux");
  const branch = polecatBranch("alpha-a", "1.1");
  await addWorktree({ repoDir, path, branch, startPoint: "refs/remotes/origin/main" });
  await commitFiles(path, { "a.txt": "a\n" }, "work");
  await writeFiles(path, { "b.txt": "b\n" });
  const attempt = { path, bead: "alpha-a", epoch: "1.1", author: agentPerson(polecat) };
  const commit = (await pushCheckpoint(attempt)) ?? "";
  const { ledger, nowMs, by } = town;
  const clones = codeClones((rig) => join(remote.dir, "home", rig));
  const api = salvageService({
    ledger,
    nowMs,
    codeDir: async (rig, signal) => {
      if (rig.name === "beta") throw new TownError("unavailable", "no route to host");
      return clones(rig, signal);
    },
  });
  return {
    ...{ remote, town, commit },
    list: (init: object = {}) => api.listSalvage(create(ListSalvageRequestSchema, init), by()),
    get: (name: string) => api.getSalvage(create(GetSalvageRequestSchema, { name }), by()),
    release: (name: string, context: CallContext = by()) =>
      api.releaseSalvage(create(ReleaseSalvageRequestSchema, { name }), context),
    restore: (init: { name: string; branch?: string }, context: CallContext = by()) =>
      api.restoreSalvage(create(RestoreSalvageRequestSchema, init), context),
    lose: () => town.write(releaseBead("a", "1.1", "lost")),
    bead: () => ledger.world.bead("a"),
    [Symbol.asyncDispose]: () => remote[Symbol.asyncDispose](),
  };
}

test("what an attempt left is listed once it is over; a remote that is away is told", async () => {
  await using all = await scratch();
  const { list, lose, commit } = all;
  expect(await list({ rig: "alpha" })).toMatchObject({ salvage: [], problems: [] });
  expect((await list({ rig: "alpha", all: true })).salvage).toMatchObject([
    { name: "alpha-a@1.1", state: SalvageState.HELD },
  ]);
  await lose();
  const { salvage, problems } = await list();
  expect(problems).toEqual(["beta: no route to host"]);
  expect(salvage).toMatchObject([
    {
      ...{ name: "alpha-a@1.1", rig: "alpha", bead: "alpha-a", epoch: "1.1", commit },
      ...{ state: SalvageState.LEFT, commitsAhead: 1, hasUncommitted: true, releasedBy: "" },
      refs: [checkpointRef("alpha-a", "1.1")],
    },
  ]);
  expect((await list({ bead: "alpha-a" })).salvage).toHaveLength(1);
  await expect(list({ rig: "gamma" })).rejects.toMatchObject({ reason: "not_found" });
  await expect(list({ bead: "alpha-x" })).rejects.toMatchObject({ reason: "not_found" });
});

test("it is shown with its patch, by its bead's id too; a wrong name says so", async () => {
  await using all = await scratch();
  await all.lose();
  const shown = await all.get("alpha-a@1.1");
  expect(shown).toMatchObject({ isCut: false, salvage: { name: "alpha-a@1.1" } });
  expect(shown.patch).toContain("+++ b/b.txt");
  expect(await all.get("alpha-a")).toEqual(shown);
  await expect(all.get("alpha-a@1.2")).rejects.toThrow("there are: alpha-a@1.1");
  await expect(all.get("alpha-a@1.1.0")).rejects.toMatchObject({ reason: "invalid" });
  await expect(all.get("alpha-b@1.1")).rejects.toMatchObject({ reason: "not_found" });
});

test("restored, the next claim goes on from it; not while it is worked on", async () => {
  await using all = await scratch();
  const { restore, lose, bead, commit, town, release } = all;
  const name = "alpha-a@1.1";
  await expect(restore({ name })).rejects.toMatchObject({
    reason: "state",
    message: expect.stringContaining(`${polecat} on vm-a works on alpha-a`),
  });
  await lose();
  await release(name);
  const context = town.by("ann", "r1");
  const restored = await restore({ name }, context);
  expect(restored).toMatchObject({ salvage: { state: SalvageState.HELD, releasedBy: "" } });
  const found = bead();
  expect(found && resumePoint(found)).toEqual({ epoch: "1.1", commit, claim: "1.1", by: "ann" });
  expect(await restore({ name }, context)).toEqual(restored);
  await expect(release(name)).rejects.toMatchObject({ reason: "state" });
  await town.write(closeBead("a", { close: "x", kind: "done", reason: "" }));
  await restore({ name });
  expect(bead()).toMatchObject({ status: "open" });
  const reopened = bead();
  expect(reopened && resumePoint(reopened)).toMatchObject({ epoch: "1.1", commit });
});

test("restored to a branch, the remote has it there, and the bead says so once", async () => {
  await using all = await scratch();
  const { restore, bead, remote, town, commit } = all;
  const wanted = { name: "alpha-a@1.1", branch: "rescued" };
  const context = town.by("ann", "r1");
  await restore(wanted, context);
  expect(await remote.ref("refs/heads/rescued")).toBe(commit);
  await restore(wanted, context);
  await restore(wanted, town.by("bob", "r2"));
  const found = bead();
  expect(found?.comments.map(({ author, text }) => [author, text])).toEqual([
    ["ann", `restored alpha-a@1.1 (${commit.slice(0, 12)}) to branch rescued`],
  ]);
  expect(found && resumePoint(found)).toBeUndefined();
  for (const branch of ["polecat/alpha-a/9.9", "gastown/x", "refs/gastown/authority"]) {
    await expect(restore({ ...wanted, branch })).rejects.toMatchObject({ reason: "invalid" });
  }
  await expect(restore({ ...wanted, branch: "main" })).rejects.toMatchObject({ reason: "exists" });
});

test("released, it says by whom; what is held is not let go of, and by no polecat", async () => {
  await using all = await scratch();
  const { release, lose, list, town, remote, commit } = all;
  await expect(release("alpha-a@1.1")).rejects.toMatchObject({ reason: "state" });
  await lose();
  await expect(release("alpha-a@1.1", town.by(polecat))).rejects.toMatchObject({
    reason: "denied",
  });
  const { salvage } = await release("alpha-a@1.1", town.by("ann"));
  expect(salvage).toMatchObject({ state: SalvageState.RELEASED, releasedBy: "ann" });
  await release("alpha-a@1.1", town.by("bob"));
  expect((await list()).salvage).toMatchObject([{ releasedBy: "ann" }]);
  expect(await remote.ref(checkpointRef("alpha-a", "1.1"))).toBe(commit);
});
