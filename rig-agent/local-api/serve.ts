import { type Ask, askNearby, askOverBus } from "#services/api/agent/ask.ts";
import { openEventLog } from "#services/api/event/event-log.ts";
import { codeClones } from "#services/api/salvage/code-clones.ts";
import { sharedServices } from "#services/api/shared-services.ts";
import type { Bus } from "#services/bus/bus.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { LedgerSync } from "#services/ledger/sync.ts";
import { type RpcServer, serveRpc } from "#services/rpc/server.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Logger } from "#services/telemetry/log.ts";
import type { Peers } from "#services/telemetry/peers.ts";
import type { Membership } from "../membership.ts";
import { clonePath } from "../polecat/places.ts";
import type { PolecatPorts } from "../polecat/ports.ts";
import type { Answers } from "../polecat/status.ts";
import { workersOf } from "./workers-of.ts";

/** What a machine's API is served from. */
export type LocalApi = {
  readonly member: Membership;
  readonly home: string;
  readonly bus: Bus;
  readonly log: Logger;
  readonly ledger: Ledger;
  readonly sync: LedgerSync;
  readonly peers: Peers;
  readonly polecats: PolecatPorts;
  readonly answers: Answers;
  /** Something changed that the machine's loops may act on. */
  readonly ring: () => void;
};

/** Serve the same API as the town, on a unix socket, to this machine's polecats and its people. */
export function serveLocally(api: LocalApi): Promise<RpcServer> {
  const { member, bus, log, ledger, peers, polecats, ring } = api;
  const { clock, sessions } = polecats;
  const ask: Ask = askNearby(member.machine, api.answers, askOverBus(bus, member.town));
  const services = sharedServices({
    ledger,
    bus,
    peers,
    clock,
    nowMs: clock.nowMs,
    startedMs: clock.nowMs(),
    town: member.town,
    endpoint: member.machine,
    home: api.home,
    isRemoteUp: api.sync.remoteUp,
    sync: api.sync,
    events: openEventLog(ledger),
    ask,
    codeDir: codeClones((rig) => clonePath(api.home, rig)),
    workers: workersOf(polecats, ring),
    fleet: {
      joinTown: onlyTheTown,
      addRig: onlyTheTown,
      cordonMachine: onlyTheTown,
      uncordonMachine: onlyTheTown,
      drainMachine: onlyTheTown,
      confirmLoss: onlyTheTown,
      moveRig: onlyTheTown,
      updateRig: onlyTheTown,
    },
  });
  return serveRpc({
    services,
    listen: { socketPath: member.socket },
    authenticate: ({ token, claimed }) => {
      // The socket is its owner's alone; a token narrows that down to one polecat's session.
      if (token === undefined) return claimed ?? "overseer";
      const session = sessions.byToken(token);
      if (session) return session.agent;
      throw new TownError("denied", "this session is over: its token opens nothing any more");
    },
    onCall: (call) => log.debug(call, "call"),
    onBug: (error, call) => log.error({ err: error, ...call }, "a bug"),
  });
}

async function onlyTheTown(): Promise<never> {
  const message = "only the town does this, and it does not answer; its rigs go on without it";
  throw new TownError("unavailable", message, {
    resource: { type: "town", name: "town" },
    isAway: true,
  });
}
