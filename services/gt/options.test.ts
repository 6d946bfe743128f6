import { expect, test } from "vitest";
import { flagList } from "./launch.ts";
import { dependency, gate, metadata, names, priority } from "./options.ts";

test("reads what is given", () => {
  expect(priority("P0")).toBe(0);
  expect(dependency("discovered-from:alpha-1")).toEqual({
    dependsOnId: "alpha-1",
    type: "discovered-from",
  });
  expect(dependency("alpha-1")).toEqual({ dependsOnId: "alpha-1", type: "blocks" });
  expect(metadata('{"a":1}')).toEqual({ a: 1 });
  expect(names("a, b,,c", ["z"])).toEqual(["z", "a", "b", "c"]);
});

test("a gate has a name, given or taken from its command", () => {
  expect(gate("unit=npm test")).toEqual({ name: "unit", command: "npm test" });
  expect(gate("npm test")).toEqual({ name: "npm-test", command: "npm test" });
  expect(gate("CI=1 npm test").name).toBe("ci-1-npm-test");
  expect(gate("./!!!").name).toBe("gate");
});

test.for(["5", "-1", "high"])("priority %s is refused", (text) => {
  expect(() => priority(text)).toThrow("0 (most urgent) to 4");
});

test.for(["[1]", "3", "{"])("metadata %s is refused", (text) => {
  expect(() => metadata(text)).toThrow("JSON");
});

test("flags that say nothing are left out", () => {
  expect(flagList({ home: "/h", machine: undefined, purge: true, force: false })).toEqual([
    "--home",
    "/h",
    "--purge",
  ]);
});
