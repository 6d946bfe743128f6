import assert from "node:assert/strict";
import test from "node:test";
import { readTrips } from "../src/trips.js";

test("a line is a trip; empty lines are none", () => {
  assert.deepEqual(readTrips("2025-11-03,Harbour,12.5\n\n"), [
    { date: "2025-11-03", place: "Harbour", km: 12.5 },
  ]);
});
