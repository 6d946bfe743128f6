import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Bus } from "#services/bus/bus.ts";
import { openBus } from "#services/bus/open-bus.ts";
import { runGit } from "#services/git/run-git.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { openLedgerGit } from "#services/ledger/ledger-git.ts";
import { machineField } from "#services/ledger/machines.ts";
import { appointedField, rigField } from "#services/ledger/rigs.ts";
import { checkpointFile } from "#services/ledger/run-checkpoints.ts";
import { type LedgerSync, runSync } from "#services/ledger/sync.ts";
import { systemClock } from "#services/lifecycle/clock.ts";

/** One process's side: its ledger in step with the other's. */
export type Side = { readonly ledger: Ledger; readonly bus: Bus; readonly sync: LedgerSync };

/** A town and one machine in this process, with a journal each and a real bus between them. */
export type Pair = {
  readonly town: Side;
  readonly machine: Side;
  readonly signal: AbortSignal;
  readonly close: () => Promise<void>;
};

export const machineName = "vm-a";
export const rigName = "alpha";

/** Open both sides and enrol one machine and one rig. */
export async function openPair(dir: string, natsUrl: string): Promise<Pair> {
  const stop = new AbortController();
  const remote = join(dir, "ledger.git");
  await mkdir(remote, { recursive: true });
  await runGit(["init", "--quiet", "--bare", "--initial-branch=main"], { cwd: remote });
  const open = (name: string) => openSide({ dir, natsUrl, remote, name, signal: stop.signal });
  const [town, machine] = [await open("town"), await open(machineName)];
  await Promise.all([town.sync.caughtUp, machine.sync.caughtUp]);
  await machine.ledger.append(`machines/${machineName}`, [machineBead()]);
  await town.ledger.append("overseer", [rigBead(join(dir, "code.git"))]);
  return {
    town,
    machine,
    signal: stop.signal,
    close: async () => {
      stop.abort();
      for (const side of [town, machine]) {
        await side.sync.ended;
        await side.bus.close();
        await side.ledger.close();
      }
    },
  };
}

async function openSide(options: {
  readonly dir: string;
  readonly natsUrl: string;
  readonly remote: string;
  readonly name: string;
  readonly signal: AbortSignal;
}): Promise<Side> {
  const { dir, natsUrl, remote, name, signal } = options;
  const home = join(dir, name);
  await mkdir(home, { recursive: true });
  const ledger = await openLedger({
    dir: join(home, "journal"),
    machine: name,
    disk: nodeDisk,
    nowMs: Date.now,
    store: join(home, checkpointFile),
  });
  const branch = name === "town" ? "main" : `machines/${name}`;
  const git = openLedgerGit({ dir: join(home, "ledger.git"), remote, branch, machine: name });
  const bus = await openBus({ url: natsUrl, name, town: "bench", notice: () => {} });
  const report = (error: unknown, actor: string) => {
    process.stderr.write(`${name} ${actor}: ${String(error)}\n`);
  };
  const sync = await runSync({
    ...{ town: "bench", ledger, git, bus, clock: systemClock, signal, report },
  });
  return { ledger, bus, sync };
}

function machineBead() {
  const offer = { name: machineName, rigs: [], polecatsMax: 1_000_000, version: "bench", wire: 1 };
  return createBead({
    uid: derivedUid("machine", machineName),
    id: `hq-machine-${machineName}`,
    title: machineName,
    issueType: "machine",
    status: "pinned",
    fields: { [machineField.name]: offer },
  });
}

function rigBead(remote: string) {
  const rig = { name: rigName, prefix: "al", remote, target: "main" };
  return createBead({
    uid: derivedUid("rig", rigName),
    id: `hq-rig-${rigName}`,
    title: rigName,
    issueType: "rig",
    status: "pinned",
    fields: { [rigField.name]: rig, [appointedField.name]: { machine: machineName, term: 0 } },
  });
}
