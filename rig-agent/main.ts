import { openBus } from "#services/bus/open-bus.ts";
import { readConfig } from "#services/config/read-config.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { main } from "#services/lifecycle/main.ts";
import { writeReady } from "#services/lifecycle/ready-file.ts";
import { openLog } from "#services/telemetry/log.ts";
import { RigAgentConfig } from "./config.ts";
import { becomeMember } from "./membership.ts";
import { startRigAgent } from "./start.ts";

await main(async (signal) => {
  const config = readConfig(RigAgentConfig, { flags: process.argv.slice(2), env: process.env });
  const log = openLog({ name: config.machine, level: config.logLevel });
  const member = await becomeMember(config);
  const bus = await openBus({
    url: member.natsUrl,
    name: config.machine,
    town: member.town,
    notice: (text) => log.warn(text),
  });
  const agent = await startRigAgent(config, { member, bus, clock: systemClock, log, signal });
  await writeReady(config.readyFile, { socket: agent.socket });
  await agent.ended;
  await bus.close();
});
