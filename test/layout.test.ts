import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { projectRoot } from "../deploy/setup/set-up.mjs";
import { importsOf } from "./imports.ts";
import { misplacedImport, type Packages, strayEntries, unlocked } from "./layout.ts";
import { misplacements } from "./project-layout.ts";
import { projectPaths } from "./sources.ts";

const packages: Packages = { runtime: ["nats", "zod", "@grpc/grpc-js"], dev: ["vitest"] };
const bad = (path: string, specifier: string) => misplacedImport(path, specifier, packages);

test("every import in the project goes where the layout lets it", () => {
  expect(misplacements()).toEqual([]);
});

test("nothing stands at the top of the repository without a reason", () => {
  expect(strayEntries(projectPaths())).toEqual([]);
  expect(strayEntries(["README.md", "town/main.ts", "notes.md"])).toEqual(["notes.md"]);
});

test("the lock file names every platform's packages, as npm ci demands", () => {
  const Lock = z.object({
    packages: z.record(
      z.string(),
      z.object({ optionalDependencies: z.record(z.string(), z.string()).default({}) }),
    ),
  });
  const lock = Lock.parse(JSON.parse(readFileSync(join(projectRoot, "package-lock.json"), "utf8")));
  expect(unlocked(lock)).toEqual([]);
  const packages = { "node_modules/a": { optionalDependencies: { "a-mac": "1.0.0" } } };
  expect(unlocked({ packages })).toEqual(["a-mac"]);
});

test.for([
  ["town/main.ts", "../rig-agent/main.ts", "town may not load rig-agent"],
  ["rig-agent/main.ts", "../town/main.ts", "rig-agent may not load town"],
  ["services/git/a.ts", "../../town/main.ts", "services may not load town"],
  ["services/git/a.ts", "../../deploy/setup/nats-server.ts", "services may not load deploy"],
  ["proto/gen/a.ts", "#services/git/a.ts", "proto may not load services"],
  ["deploy/local/demo.ts", "../../test/tidy.ts", "deploy may not load test"],
  ["town/api/a.ts", "../../services/git/a.ts", "across folders write #services/…"],
  ["services/rpc/a.ts", "../../proto/gen/a.ts", "across folders write #proto/…"],
  ["services/bus/a.ts", "fs", "write node:fs"],
  ["town/main.ts", "nats", "only services/bus/ may load nats"],
  ["services/git/a.ts", "@grpc/grpc-js/build/a.js", "only services/rpc/ may load @grpc/grpc-js"],
  ["services/git/a.ts", "vitest", "vitest is there for tests only"],
  ["test/a.ts", "left-pad", "left-pad is not in package.json"],
] as const)("%s must not import %s", ([path, specifier, why]) => {
  expect(bad(path, specifier)).toBe(why);
});

test.for([
  ["town/main.ts", "#services/bus/bus-nats.ts"],
  ["rig-agent/main.ts", "#proto/gastown/v1/bead_pb.ts"],
  ["rig-agent/witness/witness.ts", "../polecat/polecat.ts"],
  ["deploy/local/demo.ts", "../../town/main.ts"],
  ["services/gt/gt.mjs", "../../deploy/setup/run.mjs"],
  ["services/bus/bus.test.ts", "../../deploy/setup/nats-process.ts"],
  ["services/gt/version.ts", "../../package.json"],
  ["services/bus/bus-contract.ts", "vitest"],
  ["services/bus/bus-nats.ts", "nats"],
  ["services/bus/bus.ts", "node:fs"],
  ["test/interop/plain-client.test.ts", "@grpc/grpc-js"],
  ["town/config.ts", "zod"],
] as const)("%s may import %s", ([path, specifier]) => {
  expect(bad(path, specifier)).toBeUndefined();
});

test("imports are seen in every form", () => {
  const text = `
    import "a";
    import type { B } from "b";
    export { c } from "c";
    export * from "d";
    const e = await import("e");
    const f = await import(path);
  `;
  expect(importsOf({ path: "x.ts", text })).toEqual(["a", "b", "c", "d", "e"]);
});
