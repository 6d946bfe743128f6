import { mkdir } from "node:fs/promises";
import { openBus } from "#services/bus/open-bus.ts";
import { readConfig } from "#services/config/read-config.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { main } from "#services/lifecycle/main.ts";
import { writeReady } from "#services/lifecycle/ready-file.ts";
import { openLog } from "#services/telemetry/log.ts";
import { TownConfig } from "./config.ts";
import { startTown } from "./start.ts";

await main(async (signal) => {
  const config = readConfig(TownConfig, { flags: process.argv.slice(2), env: process.env });
  const log = openLog({ name: "town", level: config.logLevel });
  await mkdir(config.home, { recursive: true });
  const bus = await openBus({
    url: config.natsUrl,
    name: "town",
    town: config.townName,
    notice: (text) => log.warn(text),
  });
  const town = await startTown(config, { bus, clock: systemClock, log, signal });
  await writeReady(config.readyFile, { address: town.address });
  await town.ended;
  await bus.close();
});
