import { wireVersion } from "#services/config/version.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { machineField } from "#services/ledger/machines.ts";
import { rigField } from "#services/ledger/rigs.ts";
import type { CallContext } from "#services/rpc/method.ts";

/** A real ledger with two rigs and a machine, and callers of its API, for tests. */
export type ScratchTown = {
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  /** Let the wall clock go on. */
  readonly pass: (ms: number) => void;
  readonly write: (...drafts: readonly Draft[]) => Promise<void>;
  /** The context of one call; each has a request id of its own unless one is given. */
  readonly by: (principal?: string, requestId?: string) => CallContext;
};

/**
 * Make one, with rigs `alpha` and `beta`, and the machine `vm-a`.
 *
 * @param store the file of its checkpoint, or `:memory:`; without one it keeps all in memory
 */
export async function scratchTown(writer = "town", store?: string): Promise<ScratchTown> {
  let wallMs = Date.parse("2026-01-01T00:00:00Z");
  let requests = 0;
  const nowMs = () => wallMs;
  const options = { dir: "/journal", machine: writer, disk: new MemoryDisk(), nowMs, store };
  const ledger = await openLedger(options);
  const write = async (...drafts: readonly Draft[]) => {
    await ledger.append("town", drafts);
  };
  await write(...["alpha", "beta"].map(rigDraft), machineDraft("vm-a"));
  return {
    ledger,
    nowMs,
    write,
    pass: (ms) => {
      wallMs += ms;
    },
    by: (principal = "overseer", requestId) => {
      requests += 1;
      const { signal } = new AbortController();
      const id = requestId ?? `request-${requests}`;
      return { principal, requestId: id, signal, deadlineMs: undefined, token: undefined };
    },
  };
}

function rigDraft(name: string): Draft {
  const rig = { name, prefix: name, remote: `/remotes/${name}`, target: "main" };
  return createBead({
    uid: derivedUid("rig", name),
    id: `hq-rig-${name}`,
    title: name,
    issueType: "rig",
    fields: { [rigField.name]: rig },
  });
}

function machineDraft(name: string): Draft {
  return createBead({
    uid: derivedUid("machine", name),
    id: `hq-machine-${name}`,
    title: name,
    issueType: "machine",
    fields: {
      [machineField.name]: { name, rigs: [], polecatsMax: 4, version: "0", wire: wireVersion },
    },
  });
}
