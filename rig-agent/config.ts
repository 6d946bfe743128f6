import { z } from "zod";
import { fleetSettings } from "#services/telemetry/fleet-settings.ts";
import { logLevels } from "#services/telemetry/log.ts";

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean),
);

/** A rig-agent's settings; `polecatsMax` is read from `GT_POLECATS_MAX`, and so on. */
export const RigAgentConfig = z.object({
  machine: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, "lower case letters, digits and dashes, at most 32")
    .refine((name) => name !== "town", "`town` is the town's own name"),
  home: z.string().min(1).describe("this machine's folder"),
  townAddress: z
    .string()
    .regex(/^\S+:\d{1,5}$/, "the town's gRPC endpoint, host:port")
    .optional()
    .describe("needed until the machine has joined once"),
  rigs: list.default([]).describe("names with commas between; empty: every rig of the town"),
  polecatsMax: z.coerce.number().int().min(1).max(64).default(4).describe("1 to 64"),
  heartbeatMs: z.coerce.number().int().min(100).default(5_000),
  ...fleetSettings,
  wispMaxAgeMs: z.coerce
    .number()
    .int()
    .min(1_000)
    .default(86_400_000)
    .describe("how long a wisp that is over stays in the vapour store; a day"),
  salvageDays: z.coerce
    .number()
    .min(0)
    .max(36_500)
    .default(7)
    .describe(
      "days for which what workers left is kept at the remote once it landed or was released",
    ),
  logLevel: z.enum(logLevels).default("info").describe(logLevels.join(", ")),
  readyFile: z.string().optional().describe("written when the local API serves"),
});
export type RigAgentConfig = z.infer<typeof RigAgentConfig>;
