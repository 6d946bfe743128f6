import { townMachine } from "#services/bus/subjects.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { type LedgerSync, runSync } from "#services/ledger/sync.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Plan } from "#services/scheduler/plan.ts";
import { heartInThread } from "#services/telemetry/heartbeat.ts";
import type { Peers } from "#services/telemetry/peers.ts";
import { hearPeers, reporter, runTownActors } from "../../town/actors.ts";
import { TownConfig } from "../../town/config.ts";
import { deposedBranch } from "../../town/hub/run-hub.ts";
import { openTownTerm } from "../../town/hub/town-term.ts";
import { type Base, bootBase, type Ground, ledgerUrl } from "./boot.ts";
import type { Host } from "./host.ts";
import { openSimLedgerGit } from "./sim-ledger-git.ts";

/** What a simulated town is started with. */
export type TownSettings = {
  readonly graceMs: number;
  readonly lostAfterMs: number;
  readonly brakeShare: number;
  /** Takes a protection away; the ledger as it is, if absent. */
  readonly wrap?: (ledger: Ledger) => Ledger;
};

/** A town at work in a simulated world. */
export type SimTown = {
  readonly host: Host;
  readonly base: Base;
  /** As its actors write it. */
  readonly ledger: Ledger;
  readonly sync: LedgerSync;
  readonly peers: Peers;
  readonly isFenced: () => boolean;
  /** The dispatcher's last plan. */
  readonly plan: () => Plan;
};

const graftMs = 30_000;

/** Start a town on a host's disk; resolves once it has caught up. */
export async function bootTown(
  ground: Ground,
  host: Host,
  settings: TownSettings,
): Promise<SimTown> {
  const base = await bootBase(ground, host);
  const { clock, signal, bus, git, log } = base;
  const dir = `/${host.name}/ledger.git`;
  let fenced = "";
  const term = openTownTerm({
    ...{ dir, git, holder: base.ledger.writer },
    onFenced: (why) => {
      fenced = why;
    },
    onPlain: (why) => ground.told(host.name, new TownError("denied", why), "town-term"),
  });
  const isFenced = () => term.isFenced();
  const written = settings.wrap?.(base.ledger) ?? base.ledger;
  const append: Ledger["append"] = async (actor, drafts) => {
    if (isFenced()) throw new TownError("stale", fenced);
    return written.append(actor, drafts);
  };
  const ledger = { ...written, append };
  const ledgerGit = openSimLedgerGit({
    ...{ git, disk: host.git, dir, remote: ledgerUrl, machine: townMachine, nowMs: clock.nowMs },
    branch: () => (isFenced() ? deposedBranch(ledger.writer) : "main"),
    ...{ fence: term, turns: ledger.writer, isKeeper: true, graftMs },
  });
  const sync = await runSync({
    ...{ town: ground.townName, ledger, git: ledgerGit, bus, clock, signal },
    report: reporter(log),
    onFetched: () => term.look(),
  });
  const times = { graceMs: settings.graceMs, lostAfterMs: settings.lostAfterMs };
  const config = TownConfig.parse({
    ...{ home: `/${host.name}`, townName: ground.townName, ledgerRemote: ledgerUrl },
    ...{ ...times, brakeShare: settings.brakeShare },
  });
  const around = { config, bus, clock, log, signal };
  const peers = hearPeers(around, ledger, sync);
  await sync.caughtUp;
  let last: Plan = { placed: [], waiting: [] };
  const planned = (plan: Plan) => {
    last = plan;
  };
  const heart = heartInThread({ bus, town: ground.townName, clock, signal, loopLagMs: () => 0 });
  void runTownActors(around, { ledger, peers, isFenced, planned, heart });
  return { host, base, ledger, sync, peers, isFenced, plan: () => last };
}
