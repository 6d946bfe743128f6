import { expect, test } from "vitest";
import { isJoinedOnly, joinLine, machinesOf, nextMachine } from "./belong.ts";
import { emptyTownFile, type TownFile } from "./town-file.ts";

const two: TownFile = { ...emptyTownFile, machines: { a: { rigs: [] }, b: { rigs: ["x"] } } };

test("what belongs to a home is started again, and what is told comes first", () => {
  expect(machinesOf(undefined, undefined, "host")).toEqual(["host"]);
  expect(machinesOf(undefined, "one", "host")).toEqual(["one"]);
  expect(machinesOf(two, undefined, "host")).toEqual(["a", "b"]);
  expect(machinesOf(two, "b", "host")).toEqual(["b", "a"]);
  expect(machinesOf(two, "c", "host")).toEqual(["c", "a", "b"]);
});

test("a home whose machines joined a town elsewhere is told from a town's own", () => {
  expect(isJoinedOnly(two)).toBe(true);
  expect(isJoinedOnly({ ...two, ledgerRemote: "/l.git" })).toBe(false);
  expect(isJoinedOnly(emptyTownFile)).toBe(false);
});

test("the call that joins can be typed as it stands", () => {
  const address = "127.0.0.1:7420";
  expect(joinLine("npx gt", { address, machine: "vm-b", rigs: ["x", "y"] })).toBe(
    "npx gt join --town 127.0.0.1:7420 --machine vm-b --rigs x,y",
  );
  expect(joinLine("gt", { address, machine: nextMachine(["vm-b"]), insecure: true })).toBe(
    "gt join --town 127.0.0.1:7420 --machine vm-c --insecure",
  );
});
