import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Bus } from "#services/bus/bus.ts";
import { townMachine } from "#services/bus/subjects.ts";
import { version, wireVersion } from "#services/config/version.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { writerMachine } from "#services/ledger/event.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { mendHome } from "#services/ledger/mend-home.ts";
import { checkpointFile, runLedgerCheckpoints } from "#services/ledger/run-checkpoints.ts";
import type { LedgerSync } from "#services/ledger/sync.ts";
import { watchAlarms } from "#services/ledger/watch-alarms.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { ownHome } from "#services/lifecycle/own-home.ts";
import type { Plan } from "#services/scheduler/plan.ts";
import { runHeartbeat } from "#services/telemetry/heartbeat.ts";
import type { Logger } from "#services/telemetry/log.ts";
import { listenToPeers, type Peers, silentAfterMs } from "#services/telemetry/peers.ts";
import { tellChanges } from "#services/telemetry/tell-changes.ts";
import { serveTown } from "./api/serve.ts";
import type { TownConfig } from "./config.ts";
import { tend } from "./deacon/deacon.ts";
import { tierKeeper, tierMs } from "./deacon/keep-tiers.ts";
import { runHub } from "./hub/run-hub.ts";
import { dispatch } from "./mayor/mayor.ts";

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

const patrolMs = 5_000;
const stopMs = 5_000;

/** Start a town: its ledger, its actors, its API. */
export async function startTown(config: TownConfig, parts: TownParts): Promise<Town> {
  const { bus, clock, log } = parts;
  await mkdir(config.home, { recursive: true });
  const release = await ownHome(config.home);
  const place = { disk: nodeDisk, home: config.home, machine: townMachine };
  const mended = await mendHome(place);
  const written = await openLedger({
    dir: join(config.home, "journal"),
    machine: townMachine,
    disk: nodeDisk,
    nowMs: clock.nowMs,
    store: join(config.home, checkpointFile),
  });
  for (const alarm of mended) written.alarm(alarm);
  watchAlarms(written, log);
  const report = (error: unknown, actor: string) => log.warn({ err: error, actor }, "round failed");
  bus.onError((error) => log.warn({ err: error }, "bus"));
  bus.onLink((up) => log.info({ up }, up ? "bus is up" : "bus is down: over git, slower"));
  const { ledger, sync, term } = await runHub({
    home: config.home,
    town: config.townName,
    ledgerRemote: config.ledgerRemote,
    ledger: written,
    bus,
    clock,
    signal: parts.signal,
    report,
    onRemoteBack: () => log.info("the ledger remote answers again"),
  });
  const peers = peersOf(config, parts, ledger, sync);
  await sync.caughtUp;
  const plans: { last: Plan } = { last: { placed: [], waiting: [] } };
  // A port that is taken must end the start before anything was decided.
  const server = await serveTown({ config, ...parts, ledger, sync, term, peers, plans });
  tellChanges(ledger, log);
  const actors = runActors({
    config,
    parts,
    ledger,
    peers,
    isFenced: term.isFenced,
    plans,
    report,
  });
  actors.push(runLedgerCheckpoints({ ledger, clock, signal: parts.signal, report }));
  actors.push(runTiers(config, parts, { ledger, isFenced: term.isFenced, report }));
  log.info({ address: server.address, writer: ledger.writer }, "town serves");
  const stopped = async (): Promise<void> => {
    await Promise.all(actors.map(({ ended }) => ended));
    await server.drain(stopMs);
    await sync.ended;
    await sync.flush(AbortSignal.timeout(stopMs)).catch((error) => report(error, "last push"));
    await ledger.close();
    await release();
    log.info("town stopped");
  };
  return { address: server.address, ended: stopped() };
}

function peersOf(
  config: TownConfig,
  { bus, clock, signal }: TownParts,
  ledger: Ledger,
  sync: LedgerSync,
): Peers {
  const peers = listenToPeers({
    bus,
    town: config.townName,
    clock,
    signal,
    onBeat: ({ heads }) => {
      for (const [writer, [seq, hash]] of Object.entries(heads)) sync.heard(writer, { seq, hash });
    },
  });
  ledger.onChange(({ event }) => peers.heardEvent(writerMachine(event.writer), event.clock[0]));
  return peers;
}

function runActors(options: {
  readonly config: TownConfig;
  readonly parts: TownParts;
  readonly ledger: Ledger;
  readonly peers: Peers;
  readonly isFenced: () => boolean;
  readonly plans: { last: Plan };
  readonly report: (error: unknown, actor: string) => void;
}): Actor[] {
  const { config, parts, ledger, peers, isFenced, plans, report } = options;
  const { bus, clock, signal } = parts;
  const isHeard = (machine: string) => !peers.isSilent(machine, silentAfterMs);
  const mayor = runActor({
    name: "mayor",
    clock,
    signal,
    report,
    everyMs: patrolMs,
    round: async () => {
      if (isFenced()) return;
      await dispatch({
        ledger,
        nowMs: clock.nowMs,
        isHeard,
        planned: (plan) => {
          plans.last = plan;
        },
      });
    },
  });
  const deacon = runActor({
    name: "deacon",
    clock,
    signal,
    report,
    everyMs: patrolMs,
    round: async () => {
      if (!isFenced()) await tend({ ledger, isHeard });
    },
  });
  const heartbeat = runHeartbeat({
    bus,
    town: config.townName,
    clock,
    signal,
    report,
    everyMs: config.heartbeatMs,
    beat: () => ({
      machine: townMachine,
      incarnation: ledger.writer,
      version,
      wire: wireVersion,
      polecatsMax: 0,
      heads: headsOf(ledger),
      authorities: [],
      polecats: [],
    }),
  });
  ledger.onChange(() => {
    mayor.ring();
    deacon.ring();
  });
  return [mayor, deacon, heartbeat];
}

/** The Deacon's slow patrol: at start, and once an hour. */
function runTiers(
  config: TownConfig,
  { clock, signal, log }: TownParts,
  town: {
    readonly ledger: Ledger;
    readonly isFenced: () => boolean;
    readonly report: (error: unknown, actor: string) => void;
  },
): Actor {
  const { ledger, isFenced, report } = town;
  const { ledgerRecentDays: recentDays, ledgerArchiveDays: archiveDays } = config;
  const ages = { recentDays, archiveDays };
  const told = (moved: object) => log.info(moved, "ended beads are kept lower");
  const keepTiers = tierKeeper({ ledger, nowMs: clock.nowMs, ages, told });
  return runActor({
    name: "deacon tiers",
    clock,
    signal,
    report,
    everyMs: tierMs,
    round: async (until) => {
      if (!isFenced()) await keepTiers(until);
    },
  });
}

function headsOf(ledger: Ledger): Record<string, [number, string]> {
  const head = ledger.heads().get(ledger.writer);
  return head ? { [ledger.writer]: [head.seq, head.hash] } : {};
}
