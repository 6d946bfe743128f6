import type { Bus } from "#services/bus/bus.ts";
import { townMachine } from "#services/bus/subjects.ts";
import { version, wireVersion } from "#services/config/version.ts";
import { writerMachine } from "#services/ledger/event.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { type Machine, machineNamed } from "#services/ledger/machines.ts";
import { runLedgerCheckpoints } from "#services/ledger/run-checkpoints.ts";
import type { LedgerSync } from "#services/ledger/sync.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import type { Plan } from "#services/scheduler/plan.ts";
import type { StartHeart } from "#services/telemetry/heartbeat.ts";
import type { Logger } from "#services/telemetry/log.ts";
import { beatenTerm, listenToPeers, type Peers, silentAfterMs } from "#services/telemetry/peers.ts";
import { machineTrouble } from "#services/telemetry/spoken-wire.ts";
import { watchFleet } from "#services/telemetry/watch-fleet.ts";
import type { TownConfig } from "./config.ts";
import { tend } from "./deacon/deacon.ts";
import { tierKeeper, tierMs } from "./deacon/keep-tiers.ts";
import { dispatch } from "./mayor/mayor.ts";

/** What every loop of a town runs on. */
export type Surroundings = {
  readonly config: TownConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn">;
  readonly signal: AbortSignal;
};

/** What a town's loops are given beside their surroundings. */
export type TownParts = {
  /** As its actors write it: refused once another town has taken over. */
  readonly ledger: Ledger;
  readonly peers: Peers;
  readonly isFenced: () => boolean;
  /** Told of each plan, so that `gt explain` can say why a bead waits. */
  readonly planned: (plan: Plan) => void;
  readonly heart: StartHeart;
};

const patrolMs = 5_000;
/** A patrol looks at the whole fleet, and nothing of what it finds is in a hurry. */
const patrolRestMs = 250;

/** Hear every machine's beats, and what they say of ledgers. */
export function hearPeers(
  { config, bus, clock, signal }: Surroundings,
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

/** Run a town: Mayor, Deacon, its slow patrol, its beat. Resolves when every loop has ended. */
export function runTownActors(around: Surroundings, parts: TownParts): Promise<unknown> {
  const { clock, signal, log } = around;
  const { ledger, peers, isFenced, planned } = parts;
  const report = reporter(log);
  const isHeard = (machine: string) => !peers.isSilent(machine, silentAfterMs);
  const trouble = (machine: Machine) => machineTrouble(machine, peers);
  const isFit = (name: string) => {
    const host = machineNamed(ledger.world, name);
    return isHeard(name) && host !== undefined && trouble(host.machine) === undefined;
  };
  const { graceMs, lostAfterMs, brakeShare } = around.config;
  const limits = { graceMs, lostAfterMs, brakeShare };
  const { verdict: judge } = watchFleet({ world: ledger.world, peers, clock, limits });
  const [{ nowMs }, { heardMs, twins }, memory] = [clock, peers, {}];
  const termOf = (rig: string) => beatenTerm(peers, rig);
  const ears = { isFit, heardMs, judge, termOf, twins };
  const shared = { clock, signal, report };
  const mayor = runActor({
    ...shared,
    name: "mayor",
    everyMs: patrolMs,
    round: async () => {
      if (!isFenced()) await dispatch({ ledger, nowMs, isHeard, trouble, planned });
    },
  });
  const deacon = runActor({
    ...shared,
    name: "deacon",
    everyMs: patrolMs,
    restMs: patrolRestMs,
    round: async () => {
      if (!isFenced()) await tend({ ledger, nowMs, ...ears }, memory);
    },
  });
  ledger.onChange(() => {
    mayor.ring();
    deacon.ring();
  });
  const checkpoints = runLedgerCheckpoints({ ...shared, ledger });
  const beats = runBeats(around, parts);
  const actors = [mayor, deacon, checkpoints, beats, runTiers(around, parts)];
  return Promise.all(actors.map(({ ended }) => ended));
}

/** A round that failed is a line in the log; the next one comes. */
export function reporter(log: Surroundings["log"]): (error: unknown, actor: string) => void {
  return (error, actor) => log.warn({ err: error, actor }, "round failed");
}

function runBeats({ config, log }: Surroundings, { ledger, heart }: TownParts): Actor {
  return heart({
    report: reporter(log),
    everyMs: config.heartbeatMs,
    body: () => ({
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
}

/** The Deacon's slow patrol: at start, and once an hour. */
function runTiers(
  { config, clock, signal, log }: Surroundings,
  { ledger, isFenced }: TownParts,
): Actor {
  const { ledgerRecentDays: recentDays, ledgerArchiveDays: archiveDays } = config;
  const ages = { recentDays, archiveDays };
  const told = (moved: object) => log.info(moved, "ended beads are kept lower");
  const keepTiers = tierKeeper({ ledger, nowMs: clock.nowMs, ages, told });
  return runActor({
    name: "deacon tiers",
    clock,
    signal,
    report: reporter(log),
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
