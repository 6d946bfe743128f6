import assert from "node:assert/strict";
import test from "node:test";
import { convert, units } from "../src/length.js";

test("lengths are converted both ways", () => {
  assert.equal(convert(5, "km", "m"), 5000);
  assert.equal(convert(5000, "m", "km"), 5);
  assert.equal(convert(0.1, "m", "mm"), 100);
});

test("metric units are known, in their order", () => {
  const metric = units().filter((unit) => ["mm", "cm", "m", "km"].includes(unit));
  assert.deepEqual(metric, ["mm", "cm", "m", "km"]);
});

test("an unknown unit is named", () => {
  assert.throws(() => convert(1, "m", "parsec"), /unknown unit: parsec/);
});
