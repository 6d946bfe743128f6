import { version, wireVersion } from "#services/config/version.ts";
import { createBead, reopenBead, setFields } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { machineField } from "#services/ledger/machines.ts";
import { townPrefix } from "#services/ledger/rigs.ts";
import type { RigAgentConfig } from "./config.ts";

/**
 * Write down what this machine is and offers, where the ledger says otherwise or nothing. One that
 * was given up for good is a member again by it.
 *
 * @returns whether it was given up before
 */
export async function enrol(
  ledger: Ledger,
  config: RigAgentConfig,
  wire = wireVersion,
): Promise<boolean> {
  const { machine: name, rigs, polecatsMax } = config;
  const offer = { name, rigs, polecatsMax, version, wire };
  const uid = derivedUid("machine", name);
  const held = ledger.world.bead(uid);
  const fields = { [machineField.name]: offer };
  if (!held) {
    const id = `${townPrefix}-machine-${name}`;
    const title = `Machine ${name}`;
    const bead = { uid, id, title, issueType: "machine", status: "pinned", fields };
    await ledger.append(`machines/${name}`, [createBead(bead)]);
    return false;
  }
  const isGone = held.status === "closed";
  const isOther = JSON.stringify(machineField.read(held)) !== JSON.stringify(offer);
  await ledger.append(`machines/${name}`, [
    ...(isGone ? [reopenBead(held, "it joined again"), setFields(uid, { status: "pinned" })] : []),
    ...(isOther ? [setFields(uid, fields)] : []),
  ]);
  return isGone;
}
