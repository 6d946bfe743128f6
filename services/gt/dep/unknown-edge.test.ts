import { expect, test } from "vitest";
import { unknownType } from "./unknown-edge.ts";

const blocking = "(blocks, conditional-blocks, waits-for, parent-child)";

test.for([
  ["blocks", undefined],
  ["discovered-from", undefined],
  ["weird", `weird is not among the types that block ${blocking}`],
  ["block", `block is not among the types that block ${blocking}; did you mean blocks?`],
  ["relatd", `relatd is not among the types that block ${blocking}; did you mean related?`],
])("of %s is said: %s", ([type = "", said]) => {
  expect(unknownType(type)).toBe(said);
});
