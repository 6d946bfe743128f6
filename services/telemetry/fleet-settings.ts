import { z } from "zod";
import { fleetLimits } from "./judge-fleet.ts";

/** How a process judges who is lost: `graceMs` is read from `GT_GRACE_MS`, and so on. */
export const fleetSettings = {
  graceMs: z.coerce
    .number()
    .int()
    .min(0)
    .default(fleetLimits.graceMs)
    .describe("no pause shorter than this makes a machine lost"),
  lostAfterMs: z.coerce
    .number()
    .int()
    .min(100)
    .default(fleetLimits.lostAfterMs)
    .describe("silence after which a machine is lost"),
  brakeShare: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(fleetLimits.brakeShare)
    .describe("with more than this share of the machines silent at once, the fault is ours"),
};
