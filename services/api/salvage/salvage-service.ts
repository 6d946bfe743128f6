import type { SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import type { ServiceImpl } from "#services/rpc/method.ts";
import { getSalvage } from "./get-salvage.ts";
import { listSalvage } from "./list-salvage.ts";
import { releaseSalvage } from "./release-salvage.ts";
import { restoreSalvage } from "./restore-salvage.ts";
import type { SalvagePorts } from "./salvage-ports.ts";

/** Left work, from the rigs' remotes and this process's copy of the ledger. */
export function salvageService(ports: SalvagePorts): ServiceImpl<typeof SalvageService> {
  return {
    listSalvage: listSalvage(ports),
    getSalvage: getSalvage(ports),
    restoreSalvage: restoreSalvage(ports),
    releaseSalvage: releaseSalvage(ports),
  };
}
