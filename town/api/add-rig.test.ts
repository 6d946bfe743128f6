import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { AddRigRequestSchema, Fencing } from "#proto/gastown/v1/fleet_service_pb.ts";
import { runGit } from "#services/git/run-git.ts";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { rigs } from "#services/ledger/rigs.ts";
import { addRig } from "./add-rig.ts";

async function openTown() {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => 1_000_000 });
  const add = addRig({ ledger });
  const call = (name: string, remote: string, prefix: string, fencing?: Fencing) => {
    const requestId = prefix;
    const request = create(AddRigRequestSchema, {
      name,
      prefix,
      remote,
      requestId,
      ...(fencing && { fencing }),
    });
    const signal = new AbortController().signal;
    return add(request, { principal: "overseer", requestId, signal } as Parameters<typeof add>[1]);
  };
  return { ledger, call };
}

test("of two who give one name to two projects at once, one is refused", async () => {
  await using one = await scratchRemote();
  await using two = await scratchRemote();
  const { ledger, call } = await openTown();
  const answers = await Promise.allSettled([
    call("alpha", one.remote, "one"),
    call("alpha", two.remote, "two"),
  ]);
  const refused = answers.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  expect(refused).toMatchObject([{ reason: "exists" }]);
  const won = answers[0]?.status === "fulfilled" ? one.remote : two.remote;
  expect(rigs(ledger.world).map(({ rig }) => rig.remote)).toEqual([won]);
});

test("a remote carries one rig, by whatever path it is named", async () => {
  await using one = await scratchRemote();
  const { ledger, call } = await openTown();
  await call("app", one.remote, "app");
  const message = "rig app is on this remote already";
  for (const same of [one.remote, join(one.dir, "human"), `file://${one.remote}/`]) {
    await expect(call("other", same, "other")).rejects.toMatchObject({ reason: "exists", message });
  }
  expect(rigs(ledger.world).map(({ rig }) => rig.name)).toEqual(["app"]);
});

test.for([
  { what: "refs of ours", config: ["receive.hideRefs", "refs/gastown"], says: "refs/gastown/" },
  { what: "atomic pushes", config: ["receive.advertiseAtomic", "false"], says: "atomically" },
])("a remote without $what is taken only with the fencing that was asked for", async (given) => {
  await using one = await scratchRemote();
  await runGit(["config", ...given.config], { cwd: one.remote });
  const { ledger, call } = await openTown();
  const refused = call("app", one.remote, "app");
  await expect(refused).rejects.toMatchObject({
    reason: "state",
    message: expect.stringMatching(new RegExp(`${given.says}.*--fencing main`, "s")),
  });
  const { rig, notes } = await call("app", one.remote, "app", Fencing.MAIN);
  expect(rig?.fencing).toBe(Fencing.MAIN);
  expect(notes?.join()).toContain("Gastown-Term");
  expect(rigs(ledger.world)[0]?.rig.fencing).toBe("main");
});

test("a remote that takes no branch carries no rig, whatever is asked for", async () => {
  await using one = await scratchRemote();
  await runGit(["config", "receive.hideRefs", "refs"], { cwd: one.remote });
  const { call } = await openTown();
  const refused = call("app", one.remote, "app", Fencing.MAIN);
  await expect(refused).rejects.toThrow("branches cannot be pushed");
  await expect(refused).rejects.not.toThrow("--fencing");
});
