import { durationMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { claimBead, createBead, releaseBead } from "#services/ledger/drafts.ts";
import { type Digest, digestField, workField } from "#services/ledger/work-fields.ts";
import { scratchAudit } from "./scratch-audit.ts";

const nux = "rigs/alpha/polecats/nux";

async function scratch() {
  const town = await scratchAudit();
  let count = 0;
  const digest = async (over: Partial<Digest>, issueType = "task") => {
    count += 1;
    const [uid, bead] = [`u${count}`, `alpha-${count}`];
    const kept: Digest = {
      ...{ bead, worker: nux, machine: "vm-a", epoch: "1.1", exit: "COMPLETED", commit: "c" },
      startedAt: "2026-01-01T00:00:00Z",
      endedAt: new Date(Date.parse("2026-01-01T00:00:00Z") + count * 60_000).toISOString(),
      elapsedMs: count * 60_000,
      steps: [{ name: "implement", completedAt: "" }],
      ...over,
    };
    const fields = { [workField.name]: uid, [digestField.name]: kept };
    const event = { issueType: "event", labels: ["digest"], fields, title: "d" };
    await town.write(
      createBead({ uid, id: bead, title: `Title ${count}`, issueType }),
      createBead({ uid: `${uid}-d`, id: `${bead}.digest`, ...event }),
    );
  };
  return { ...town, digest };
}

test("an agent's record is the sum of its digests", async () => {
  const town = await scratch();
  for (let n = 0; n < 10; n += 1) await town.digest({});
  await town.digest({ exit: "BLOCKED", commit: "" }, "bug");
  await town.digest({ exit: "", commit: "" }, "bug");
  await town.digest({ worker: "rigs/beta/polecats/slit" });
  const { record } = await town.ask("getAgentRecord", { name: "nux" });
  expect(record).toMatchObject({
    name: nux,
    attempts: 12,
    landed: 10,
    exits: [
      { name: "COMPLETED", count: 10 },
      { name: "BLOCKED", count: 1 },
      { name: "LOST", count: 1 },
    ],
    rigs: [{ name: "alpha", count: 12 }],
    issueTypes: [
      { name: "task", count: 10 },
      { name: "bug", count: 2 },
    ],
  });
  expect(record?.newest).toHaveLength(10);
  expect(record?.newest?.[0]).toMatchObject({ bead: "alpha-12", title: "Title 12", exit: "LOST" });
  const { p50, p90 } = record?.elapsed ?? {};
  type Length = Parameters<typeof durationMs>[0];
  expect([p50, p90].map((each) => durationMs(each as Length) / 60_000)).toEqual([6, 11]);
});

test("attempts that left no digest count by how they ended, each attempt once", async () => {
  const town = await scratch();
  await town.digest({});
  const claim = { machine: "vm-a", polecat: nux };
  await town.write(createBead({ uid: "w", id: "alpha-w", title: "w" }));
  for (const [n, exit] of ["BLOCKED", undefined, "rejected", ""].entries()) {
    await town.write(claimBead("w", `1.${n + 1}`, claim), claimBead("u1", `1.${n + 1}`, claim));
    town.pass(60_000);
    if (exit !== "") await town.write(releaseBead("w", `1.${n + 1}`, "over", exit));
  }
  // The fifth claim ends the fourth, which nobody released, and goes on.
  await town.write(claimBead("w", "1.5", { machine: "vm-a", polecat: "rigs/alpha/polecats/slit" }));
  const { record } = await town.ask("getAgentRecord", { name: nux });
  const ofW = record?.newest?.filter(({ bead }) => bead === "alpha-w");
  expect(ofW?.map(({ exit, epoch }) => [epoch, exit])).toEqual([
    ["1.4", "LOST"],
    ["1.3", "REJECTED"],
    ["1.2", "LOST"],
    ["1.1", "BLOCKED"],
  ]);
  const ofFirst = record?.newest?.filter(({ bead }) => bead === "alpha-1");
  expect(ofFirst?.filter(({ epoch }) => epoch === "1.1")).toHaveLength(1);
  await expect(town.ask("getAgentRecord", { name: "slit" })).rejects.toMatchObject({
    reason: "not_found",
  });
});

test("a name must fit one agent", async () => {
  const town = await scratch();
  await town.digest({});
  await town.digest({ worker: "rigs/beta/polecats/nux" });
  const ask = (name: string) => town.ask("getAgentRecord", { name });
  expect((await ask(nux)).record).toMatchObject({ attempts: 1 });
  await expect(ask("nux")).rejects.toMatchObject({ reason: "invalid" });
  await expect(ask("slit")).rejects.toMatchObject({ reason: "not_found" });
  await expect(ask("")).rejects.toMatchObject({ reason: "invalid" });
});
