import assert from "node:assert/strict";
import test from "node:test";
import { report } from "../src/report.js";

test("a report counts trips and kilometres", () => {
  const trip = { date: "2025-11-03", place: "Harbour", km: 12.5 };
  assert.equal(report([trip, trip]), "2 trips, 25 km");
});
