import { expect, test } from "vitest";
import { settingsOf } from "./settings.ts";

const before = { rigs: ["alpha"], polecatsMax: "2" };

test.for([
  { told: {}, rigs: ["alpha"], max: "2", changes: [] },
  { told: { rigs: "alpha", polecatsMax: 2 }, rigs: ["alpha"], max: "2", changes: [] },
  {
    told: { rigs: "beta,alpha" },
    ...{ rigs: ["beta", "alpha"], max: "2", changes: ["it serves beta, alpha"] },
  },
  { told: { rigs: "all" }, rigs: [], max: "2", changes: ["it serves every rig"] },
  { told: { polecatsMax: 5 }, rigs: ["alpha"], max: "5", changes: ["at most 5 polecats"] },
])("a machine that joins again with $told", ({ told, rigs, max, changes }) => {
  expect(settingsOf(before, told)).toEqual({ rigs, polecatsMax: max, changes });
});

test("one that is new serves every rig", () => {
  expect(settingsOf(undefined, {})).toEqual({ rigs: [], polecatsMax: undefined, changes: [] });
});
