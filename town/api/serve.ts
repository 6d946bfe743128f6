import { join } from "node:path";
import { askOverBus } from "#services/api/agent/ask.ts";
import { openEventLog } from "#services/api/event/event-log.ts";
import { codeClones } from "#services/api/salvage/code-clones.ts";
import { sharedServices } from "#services/api/shared-services.ts";
import { withoutWorkers } from "#services/api/worker-ports.ts";
import type { Bus } from "#services/bus/bus.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { LedgerSync } from "#services/ledger/sync.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { type RpcServer, serveRpc } from "#services/rpc/server.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Plan } from "#services/scheduler/plan.ts";
import type { Logger } from "#services/telemetry/log.ts";
import type { Peers } from "#services/telemetry/peers.ts";
import type { TownConfig } from "../config.ts";
import { openHomes } from "../fleet/homes.ts";
import { describeStanding, type TownTerm } from "../hub/town-term.ts";
import { addRig } from "./add-rig.ts";
import { confirmLoss } from "./confirm-loss.ts";
import { cordonMachine } from "./cordon-machine.ts";
import { drainMachine } from "./drain-machine.ts";
import type { FleetPorts } from "./fleet-ports.ts";
import { joinTown } from "./join-town.ts";
import { moveRig } from "./move-rig.ts";
import { uncordonMachine } from "./uncordon-machine.ts";
import { updateRig } from "./update-rig.ts";

/** What the town's API is served from. */
export type TownApi = {
  readonly config: TownConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ledger: Ledger;
  readonly sync: LedgerSync;
  readonly term: Pick<TownTerm, "standing">;
  readonly peers: Peers;
  /** The dispatcher's last plan, for those who ask why a bead waits. */
  readonly plans: { readonly last: Plan };
};

/** Who calls without saying who it is. */
const overseer = "overseer";

/** Serve `gastown.v1` for people, tools, and machines that join. */
export async function serveTown(api: TownApi): Promise<RpcServer> {
  const { config, bus, clock, log, ledger, sync, term, peers, plans } = api;
  checkListen(config, log);
  const { nowMs } = clock;
  const homes = openHomes({ ledger, peers, nowMs, lostAfterMs: config.lostAfterMs });
  const services = sharedServices({
    ledger,
    bus,
    peers,
    clock,
    nowMs,
    startedMs: clock.nowMs(),
    town: config.townName,
    endpoint: "town",
    home: config.home,
    isRemoteUp: sync.remoteUp,
    lossLimits: config,
    refusedHomes: homes.refused,
    sync,
    mainStanding: () => describeStanding(term.standing()),
    explain: ({ uid }) => plans.last.waiting.find((each) => each.uid === uid)?.reasons ?? [],
    events: openEventLog(ledger),
    ask: askOverBus(bus, config.townName),
    codeDir: codeClones((rig) => join(config.home, "rigs", rig, "repo.git")),
    workers: withoutWorkers(ledger, clock.nowMs),
    fleet: {
      addRig: addRig({ ledger }),
      joinTown: joinTown({
        ledger,
        town: config.townName,
        natsUrl: config.natsUrl ?? "",
        ledgerRemote: config.ledgerRemote,
        homes,
      }),
      ...machineLife({ ledger, peers, nowMs }),
    },
  });
  return serveRpc({
    services,
    listen: { address: config.listen },
    authenticate: ({ claimed, local }) => {
      if (!local && !config.insecure) throw new TownError("denied", "this town is for this host");
      return claimed ?? overseer;
    },
    onCall: (call) => log.debug(call, "call"),
    onBug: (error, call) => log.error({ err: error, ...call }, "a bug"),
  });
}

/** What only the town can say of machines and of who holds their rigs. */
function machineLife(ports: FleetPorts) {
  return {
    cordonMachine: cordonMachine(ports),
    uncordonMachine: uncordonMachine(ports),
    drainMachine: drainMachine(ports),
    confirmLoss: confirmLoss(ports),
    moveRig: moveRig(ports),
    updateRig: updateRig(ports),
  };
}

const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost):\d+$/;

/** Machines are not enrolled yet, so whoever reaches the port can do everything. */
function checkListen(config: TownConfig, log: Logger): void {
  if (loopback.test(config.listen)) return;
  if (!config.insecure) {
    const remedy = "listen on 127.0.0.1, or say --insecure if you trust everyone who can reach it";
    throw new TownError("invalid", `${config.listen} is not loopback: ${remedy}`);
  }
  log.warn({ listen: config.listen }, "insecure: everyone who reaches this port can do everything");
}
