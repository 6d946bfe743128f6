import { expect, test } from "vitest";
import { serverNotice, streamLimits, streamPlan } from "./stream.ts";

test("a town's stream is bounded and remembers ids for two minutes", () => {
  expect(streamPlan("demo", streamLimits, "2.9.10")).toMatchObject({
    name: "GT_demo",
    subjects: ["gt.demo.ledger.>"],
    max_age: 86_400e9,
    max_bytes: 512 * 1024 * 1024,
    duplicate_window: 120e9,
    compress: false,
  });
});

test.for([
  { version: "2.8.4", compress: false, said: "older than 2.9" },
  { version: "2.9.10", compress: false, said: "2.9.10" },
  { version: "2.10.0", compress: true, said: undefined },
  { version: "2.12.1-RC.1", compress: true, said: undefined },
  { version: "3.0.0", compress: true, said: undefined },
  { version: "unknown", compress: false, said: "unknown" },
])("on $version the store is compressed: $compress", ({ version, compress, said }) => {
  expect(streamPlan("demo", streamLimits, version).compress).toBe(compress);
  if (said) expect(serverNotice(version)).toContain(said);
  else expect(serverNotice(version)).toBeUndefined();
});
