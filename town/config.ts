import { z } from "zod";
import { tierAges } from "#services/ledger/tiering.ts";
import { fleetSettings } from "#services/telemetry/fleet-settings.ts";
import { logLevels } from "#services/telemetry/log.ts";

const name = /^[a-z][a-z0-9-]{0,31}$/;
const days = z.coerce.number().min(0).max(36_500);
const isOn = z.stringbool({ error: "true or false" });

/** The town's settings; `ledgerRemote` is read from `GT_LEDGER_REMOTE`, and so on. */
export const TownConfig = z.object({
  townName: z
    .string()
    .regex(name, "lower case letters, digits and dashes, a letter first, at most 32")
    .default("town"),
  home: z.string().min(1).describe("the town's own folder"),
  listen: z
    .string()
    .regex(/^\S+:\d{1,5}$/, "host:port, port 0 for a free one")
    .default("127.0.0.1:0"),
  natsUrl: z
    .string()
    .regex(/^(nats|tls):\/\/\S+$/, "nats://host:port, or nothing for git alone")
    .optional(),
  ledgerRemote: z.string().min(1).describe("a git URL or path"),
  insecure: isOn.default(false).describe("true: listen beyond loopback without any security"),
  heartbeatMs: z.coerce.number().int().min(100).default(5_000),
  ...fleetSettings,
  ledgerRecentDays: days
    .default(tierAges.recentDays)
    .describe("days after which what ended is kept out of memory, one read away"),
  ledgerArchiveDays: days
    .default(tierAges.archiveDays)
    .describe("days after which it is kept compressed"),
  logLevel: z.enum(logLevels).default("info").describe(logLevels.join(", ")),
  readyFile: z.string().optional().describe("written when the town serves"),
});
export type TownConfig = z.infer<typeof TownConfig>;
