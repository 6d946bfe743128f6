import { version, wireVersion } from "#services/config/version.ts";
import { createBead, reopenBead, setFields } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { identityField, machineField } from "#services/ledger/machines.ts";
import { townPrefix } from "#services/ledger/rigs.ts";
import type { RigAgentConfig } from "./config.ts";

/**
 * Write down what this machine is and offers, where the ledger says otherwise or nothing. One that
 * was given up for good is a member again by it.
 *
 * @param identity what tells its home from others; undefined: nothing is said of that. It is kept
 *   apart from what the machine offers, so that a home which only offers something else does not
 *   take its name back from the one that has it since.
 * @returns whether it was given up before
 */
export async function enrol(
  ledger: Ledger,
  config: RigAgentConfig,
  wire = wireVersion,
  identity?: string,
): Promise<boolean> {
  const { machine: name, rigs, polecatsMax } = config;
  const offer = { name, rigs, polecatsMax, version, wire };
  const uid = derivedUid("machine", name);
  const held = ledger.world.bead(uid);
  const home = identity === undefined ? {} : { [identityField.name]: identity };
  const fields = { [machineField.name]: offer, ...home };
  if (!held) {
    const id = `${townPrefix}-machine-${name}`;
    const title = `Machine ${name}`;
    const bead = { uid, id, title, issueType: "machine", status: "pinned", fields };
    await ledger.append(`machines/${name}`, [createBead(bead)]);
    return false;
  }
  const isGone = held.status === "closed";
  const isSame = JSON.stringify(machineField.read(held)) === JSON.stringify(offer);
  const isNamed = identity === undefined || identityField.read(held) === identity;
  const changed = { ...(!isSame && { [machineField.name]: offer }), ...(!isNamed && home) };
  await ledger.append(`machines/${name}`, [
    ...(isGone ? [reopenBead(held, "it joined again"), setFields(uid, { status: "pinned" })] : []),
    ...(isSame && isNamed ? [] : [setFields(uid, changed)]),
  ]);
  return isGone;
}
