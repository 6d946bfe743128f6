import { create } from "@bufbuild/protobuf";
import { type FleetService, RigSchema } from "#proto/gastown/v1/fleet_service_pb.ts";
import { rigMessage } from "#services/api/fleet/fleet-message.ts";
import { wireTrouble } from "#services/config/negotiate.ts";
import { version, wireVersion } from "#services/config/version.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { rigs } from "#services/ledger/rigs.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Homes } from "../fleet/homes.ts";

/** What a machine that joins is told. */
export type JoinPorts = {
  readonly ledger: Ledger;
  readonly town: string;
  /** Empty without NATS. */
  readonly natsUrl: string;
  readonly ledgerRemote: string;
  readonly homes: Homes;
};

const machineName = /^[a-z][a-z0-9-]{0,31}$/;

/** Let a rig-agent join: tell it where NATS and the ledger are. It enrols itself in the ledger. */
export function joinTown(ports: JoinPorts): MethodImpl<typeof FleetService.method.joinTown> {
  const { ledger, town, natsUrl, ledgerRemote } = ports;
  return async ({ machine, rigs: wanted, wireVersion: spoken, identity }) => {
    if (!machineName.test(machine) || machine === "town") {
      const description =
        "lower case letters, digits and dashes, a letter first, at most 32; not `town`";
      const violations = [{ field: "machine", description }];
      throw new TownError("invalid", `machine "${machine}": ${description}`, { violations });
    }
    const trouble = wireTrouble({ town: wireVersion, machine: spoken });
    if (trouble !== undefined) {
      throw new TownError("state", `${machine} cannot join this town (${version}): ${trouble}`);
    }
    ports.homes.admit(machine, identity);
    const enrolled = rigs(ledger.world).filter(
      ({ rig }) => wanted.length === 0 || wanted.includes(rig.name),
    );
    return {
      town,
      natsUrl,
      ledgerRemote,
      wireVersion,
      rigs: enrolled.map((rig) => create(RigSchema, rigMessage(rig, ledger.world))),
    };
  };
}
