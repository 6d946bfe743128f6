import { expect, test } from "vitest";
import { coverage, planInstall } from "./plan-install.mjs";

const lock = {
  packages: {
    "": {},
    "node_modules/zod": { version: "4.0.0" },
    "node_modules/vitest": { version: "5.0.0", dev: true },
    "node_modules/fsevents": { version: "2.0.0", optional: true },
  },
};
const zod = { "node_modules/zod": { version: "4.0.0" } };
const vitest = { "node_modules/vitest": { version: "5.0.0", dev: true } };
const nothing = { runtime: false, all: false, someDev: false };

test("coverage tells an empty tree, a runtime tree and a whole one apart", () => {
  expect(coverage(lock, undefined)).toEqual(nothing);
  const runtime = { runtime: true, all: false, someDev: false };
  expect(coverage(lock, { packages: zod })).toEqual(runtime);
  const all = { runtime: true, all: true, someDev: true };
  expect(coverage(lock, { packages: { ...zod, ...vitest } })).toEqual(all);
});

test("a package of another version is a missing one", () => {
  const stale = { "node_modules/zod": { version: "3.0.0" }, ...vitest };
  expect(coverage(lock, { packages: stale })).toEqual({ ...nothing, someDev: true });
});

const stamp = { lockHash: "a", dev: false };

test("a stamp of the same lock file is enough, unless it lacks wanted dev packages", () => {
  const facts = { stamp, lockHash: "a", found: nothing };
  expect(planInstall({ ...facts, wantsDev: false })).toEqual({ do: "nothing" });
  expect(planInstall({ ...facts, wantsDev: true })).toEqual({ do: "install", dev: true });
  const withDev = { ...facts, stamp: { ...stamp, dev: true } };
  expect(planInstall({ ...withDev, wantsDev: true })).toEqual({ do: "nothing" });
});

test("a tree installed by hand is adopted", () => {
  const facts = { stamp: undefined, lockHash: "b" };
  const all = { runtime: true, all: true, someDev: true };
  expect(planInstall({ ...facts, wantsDev: true, found: all })).toEqual({ do: "adopt", dev: true });
  const runtime = { runtime: true, all: false, someDev: false };
  const plan = planInstall({ ...facts, wantsDev: false, found: runtime });
  expect(plan).toEqual({ do: "adopt", dev: false });
});

test("development packages that are there stay when the lock file moves", () => {
  const found = { ...nothing, someDev: true };
  const plan = planInstall({ stamp, lockHash: "b", wantsDev: false, found });
  expect(plan).toEqual({ do: "install", dev: true });
  const bare = planInstall({ stamp, lockHash: "b", wantsDev: false, found: nothing });
  expect(bare).toEqual({ do: "install", dev: false });
});
