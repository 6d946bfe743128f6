import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Bus } from "#services/bus/bus.ts";
import { townMachine } from "#services/bus/subjects.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { mendHome } from "#services/ledger/mend-home.ts";
import { checkpointFile } from "#services/ledger/run-checkpoints.ts";
import { watchAlarms } from "#services/ledger/watch-alarms.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { ownHome } from "#services/lifecycle/own-home.ts";
import type { Plan } from "#services/scheduler/plan.ts";
import { openHeart } from "#services/telemetry/heart.ts";
import type { Logger } from "#services/telemetry/log.ts";
import { tellChanges } from "#services/telemetry/tell-changes.ts";
import { hearPeers, reporter, runTownActors } from "./actors.ts";
import { serveTown } from "./api/serve.ts";
import type { TownConfig } from "./config.ts";
import { runHub } from "./hub/run-hub.ts";

/** What a town is started with, beside its settings. */
export type TownParts = {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
};

/** A running town. */
export type Town = {
  readonly address: string;
  /** Resolves when everything has stopped and what was durable here has been pushed. */
  readonly ended: Promise<void>;
};

const stopMs = 5_000;

/** Start a town: its ledger, its actors, its API. */
export async function startTown(config: TownConfig, parts: TownParts): Promise<Town> {
  const { bus, log } = parts;
  await mkdir(config.home, { recursive: true });
  const release = await ownHome(config.home);
  const written = await openOwnLedger(config, parts);
  const around = { config, ...parts };
  const report = reporter(log);
  bus.onError((error) => log.warn({ err: error }, "bus"));
  bus.onLink((up) => log.info({ up }, up ? "bus is up" : "bus is down: over git, slower"));
  const { ledger, sync, term } = await runHub({
    home: config.home,
    town: config.townName,
    ledgerRemote: config.ledgerRemote,
    ledger: written,
    bus,
    clock: parts.clock,
    signal: parts.signal,
    report,
    onRemoteBack: () => log.info("the ledger remote answers again"),
  });
  const peers = hearPeers(around, ledger, sync);
  await sync.caughtUp;
  const plans: { last: Plan } = { last: { placed: [], waiting: [] } };
  // A port that is taken must end the start before anything was decided.
  const server = await serveTown({ ...around, ledger, sync, term, peers, plans });
  tellChanges(ledger, log);
  const planned = (plan: Plan) => {
    plans.last = plan;
  };
  const { clock, signal } = parts;
  const { natsUrl, townName: name } = config;
  const heart = openHeart({ natsUrl, bus, town: name, name: townMachine, clock, signal });
  const { isFenced } = term;
  const running = runTownActors(around, { ledger, peers, isFenced, planned, heart });
  log.info({ address: server.address, writer: ledger.writer }, "town serves");
  const stopped = async (): Promise<void> => {
    await running;
    await server.drain(stopMs);
    await sync.ended;
    await sync.flush(AbortSignal.timeout(stopMs)).catch((error) => report(error, "last push"));
    await ledger.close();
    await release();
    log.info("town stopped");
  };
  return { address: server.address, ended: stopped() };
}

async function openOwnLedger({ home }: TownConfig, { clock, log }: TownParts): Promise<Ledger> {
  const mended = await mendHome({ disk: nodeDisk, home, machine: townMachine });
  const ledger = await openLedger({
    dir: join(home, "journal"),
    machine: townMachine,
    disk: nodeDisk,
    nowMs: clock.nowMs,
    store: join(home, checkpointFile),
  });
  for (const alarm of mended) ledger.alarm(alarm);
  watchAlarms(ledger, log);
  return ledger;
}
