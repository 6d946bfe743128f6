import { version, wireVersion } from "#services/config/version.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { machineField } from "#services/ledger/machines.ts";
import { townPrefix } from "#services/ledger/rigs.ts";
import type { RigAgentConfig } from "./config.ts";

/** Write down what this machine is and offers, where the ledger says otherwise or nothing. */
export async function enrol(ledger: Ledger, config: RigAgentConfig): Promise<void> {
  const { machine: name, rigs, polecatsMax } = config;
  const offer = { name, rigs, polecatsMax, version, wire: wireVersion };
  const uid = derivedUid("machine", name);
  const held = ledger.world.bead(uid);
  const fields = { [machineField.name]: offer };
  if (!held) {
    const id = `${townPrefix}-machine-${name}`;
    const title = `Machine ${name}`;
    const bead = { uid, id, title, issueType: "machine", status: "pinned", fields };
    await ledger.append(`machines/${name}`, [createBead(bead)]);
  } else if (JSON.stringify(machineField.read(held)) !== JSON.stringify(offer)) {
    await ledger.append(`machines/${name}`, [setFields(uid, fields)]);
  }
}
