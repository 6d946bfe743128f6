import type { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import type { Bus } from "#services/bus/bus.ts";
import { version, wireVersion } from "#services/config/version.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { machines } from "#services/ledger/machines.ts";
import { isWork, openWork } from "#services/ledger/readiness.ts";
import { rigs } from "#services/ledger/rigs.ts";
import type { ServiceImpl } from "#services/rpc/method.ts";
import { isWorked } from "#services/scheduler/gather.ts";
import type { FleetLimits } from "#services/telemetry/judge-fleet.ts";
import type { Peers } from "#services/telemetry/peers.ts";
import { compact } from "./compact-ledger.ts";
import { diagnose } from "./diagnose.ts";
import { type SyncLedgerPorts, syncLedger } from "./sync-ledger.ts";

/** What the town, or a machine that answers for it, tells of the whole. */
export type TownPorts = {
  readonly ledger: Ledger;
  readonly bus: Bus;
  readonly peers: Peers;
  readonly town: string;
  /** `town`, or a machine's name. */
  readonly endpoint: string;
  readonly home: string;
  readonly nowMs: () => number;
  readonly startedMs: number;
  readonly isRemoteUp: () => boolean;
  /** When silence is loss here; the defaults where absent. */
  readonly lossLimits?: Partial<FleetLimits>;
  /** Homes that were refused lately under another one's name, in words, where this is a town. */
  readonly refusedHomes?: () => readonly string[];
  /** Who writes the ledger's main, where this is a town. */
  readonly mainStanding?: () => MainStanding;
  readonly sync?: SyncLedgerPorts["sync"];
};

/** Whether a town writes the ledger's main, in words. */
export type MainStanding = { readonly ok: boolean; readonly detail: string };

/** TownService, the same at any endpoint. */
export function townService(ports: TownPorts): ServiceImpl<typeof TownService> {
  const { ledger, bus } = ports;
  return {
    getTown: async () => {
      const { world } = ledger;
      const requests = world.ofType("merge-request");
      const open = openWork(world);
      // What is kept lower is not counted: nobody waits for that to see how the town is.
      const closed = [...world.all()].filter((bead) => bead.status === "closed" && isWork(bead));
      return {
        town: ports.town,
        version,
        wireVersion,
        endpoint: ports.endpoint,
        bus: bus.kind,
        busUp: bus.isUp(),
        busVersion: bus.version,
        machines: machines(world).length,
        rigs: rigs(world).length,
        beadsOpen: open.length,
        beadsClosed: closed.length,
        polecatsRunning: open.filter(isWorked).length,
        mergeRequestsOpen: requests.filter(({ status }) => status !== "closed").length,
        uptimeMs: BigInt(ports.nowMs() - ports.startedMs),
        home: ports.home,
      };
    },
    diagnose: async () => ({ checks: diagnose(ports) }),
    syncLedger: syncLedger(ports),
    compactLedger: compact(ports),
  };
}
