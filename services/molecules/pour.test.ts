import { expect, test } from "vitest";
import type { Bead } from "#services/ledger/bead.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { hookOf, pin } from "./pin.ts";
import { moleculeUid, pour } from "./pour.ts";
import { moleculeOf } from "./progress.ts";
import { ownSteps, scratchWork } from "./scratch-work.ts";
import { squash } from "./squash.ts";

test("a molecule is a root and a bead per step, wired, named and pinned to its work", async () => {
  const { ledger, molecule, worker } = await scratchWork();
  const { root, steps } = molecule();
  expect(root).toMatchObject({
    uid: derivedUid("molecule", "work"),
    id: "alpha-1.mol",
    issueType: "molecule",
    status: "hooked",
    assignee: worker.agent,
  });
  const implement = ledger.world.bead("alpha-1.mol.implement") as Bead;
  expect(implement.uid).toBe(derivedUid("step", root.uid, "implement"));
  expect(implement.fields).toMatchObject({
    "gt.work": "work",
    "gt.molecule": root.uid,
    "gt.step": "implement",
    "gt.order": 2,
  });
  expect(implement.dependencies.map(({ id, type }) => `${type} ${id}`)).toEqual([
    "parent-child alpha-1.mol",
    "blocks alpha-1.mol.branch-setup",
  ]);
  expect(steps[0]?.title).toBe("Understand the work: Greet by name");
  expect(steps[2]?.instructions).toContain("discovered-from:alpha-1");
});

test("pouring twice is pouring once, and what is missing is made up for", async () => {
  const { ledger, recipe, work, worker } = await scratchWork();
  const { world } = ledger;
  expect(pour({ world, recipe, work: work(), polecat: worker.agent }).drafts).toEqual([]);
  const other = pour({ world, recipe, work: work(), polecat: "rigs/alpha/polecats/slit" });
  expect(other.drafts).toMatchObject([{ op: "set", values: { fields: {} } }]);
  const more = structuredClone(recipe.proto.steps[0]);
  const steps = [...recipe.proto.steps, { ...more, name: "extra", needs: [] }];
  const grown = { ...recipe, proto: { ...recipe.proto, steps } } as typeof recipe;
  const drafts = pour({ world, recipe: grown, work: work(), polecat: worker.agent }).drafts;
  expect(drafts.map((draft) => draft.op === "create" && draft.values.id)).toEqual([
    "alpha-1.mol.extra",
  ]);
});

test("work that was opened again after its digest gets a new molecule", async () => {
  const { ledger, recipe, work, worker, write, molecule, complete } = await scratchWork();
  await complete(...ownSteps);
  await write(...squash(ledger.world, molecule(), "2026-01-01T01:00:00Z"));
  expect(moleculeOf(ledger.world, "work")).toBeUndefined();
  const { world } = ledger;
  await write(...pour({ world, recipe, work: work(), polecat: worker.agent }).drafts);
  expect(molecule().root).toMatchObject({ uid: moleculeUid("work", 2), id: "alpha-1.mol-2" });
  expect(molecule().steps).toHaveLength(9);
});

test("a hook holds one molecule and can be emptied", async () => {
  const { ledger, write, worker } = await scratchWork();
  const set = (root: string | null) => pin(ledger.world, worker.agent, "alpha", root);
  await write(...set("root"));
  expect(hookOf(ledger.world, worker.agent)).toBe("root");
  expect(ledger.world.bead("alpha-agent-nux")?.issueType).toBe("agent");
  expect(set("root")).toEqual([]);
  await write(...set(null));
  expect(hookOf(ledger.world, worker.agent)).toBeUndefined();
  expect(set(null)).toEqual([]);
});
