import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { connectRpc } from "#services/rpc/client.ts";
import { startBenchNats } from "../bench-nats.ts";
import { type BenchProcess, bareRepository, startProcess } from "../bench-processes.ts";
import { type Finding, finding } from "../metric.ts";
import type { Settings } from "../settings.ts";

const bench = "idle";
const settleMs = 75_000;
const windowMs = 60_000;

/** What a town and a machine cost that have nothing to do. */
export async function* benchIdle({ dir, repeats }: Settings): AsyncIterable<Finding> {
  const isTiny = repeats === 1;
  await using code = await scratchRemote();
  const nats = await startBenchNats(dir);
  const shims = join(dir, "bin");
  const started = join(dir, "started.log");
  const settings = { PATH: await shim(shims, started), GT_NATS_URL: nats.url };
  const town = await startProcess("town/main.ts", join(dir, "town"), {
    ...settings,
    GT_LEDGER_REMOTE: await bareRepository(join(dir, "ledger.git")),
  });
  const address = town.ready.address ?? "";
  const machine = await startProcess("rig-agent/main.ts", join(dir, "vm-a"), {
    ...settings,
    ...{ GT_MACHINE: "vm-a", GT_TOWN_ADDRESS: address },
  });
  const processes = [town, machine];
  try {
    const rpc = connectRpc({ address });
    await rpc.client(FleetService).addRig({ name: "alpha", prefix: "al", remote: code.remote });
    rpc.close();
    await wait(isTiny ? 2_000 : settleMs);
    const journals = [join(dir, "town", "journal"), join(dir, "vm-a", "journal")];
    const before = await look(processes, started, journals);
    const forMs = isTiny ? 1_000 : windowMs;
    await wait(forMs);
    const after = await look(processes, started, journals);
    const shared = { bench, better: "lower" } as const;
    const commands = after.commands.slice(before.commands.length);
    // A look at a remote is a fetch; whatever else a process of ours starts is too much.
    const polls = commands.filter((command) => /^git .*\bfetch\b/.test(command)).length;
    yield finding({
      ...{ ...shared, metric: "subprocesses other than polls", unit: "processes", target: 0 },
      ours: commands.length - polls,
    });
    yield finding({
      ...{ ...shared, metric: "polls of remotes, per remote and minute", unit: "polls", target: 1 },
      ours: polls / (processes.length * (forMs / 60_000)),
    });
    yield finding({
      ...{ ...shared, metric: "CPU of both processes", unit: "%", target: 1 },
      ours: ((after.cpuMs - before.cpuMs) / forMs) * 100,
    });
    yield finding({
      ...{ ...shared, metric: "bytes written to the ledger", unit: "bytes", target: 0 },
      ours: after.bytes - before.bytes,
    });
  } finally {
    for (const each of [...processes].reverse()) await each.kill("SIGTERM");
    await nats.stop();
  }
}

/** A `git` that notes each call of it, before all others on the path. */
async function shim(folder: string, log: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(log, "");
  const path = process.env["PATH"] ?? "";
  const lines = ["#!/bin/sh", `echo "git $*" >> '${log}'`, `PATH='${path}' exec git "$@"`, ""];
  await writeFile(join(folder, "git"), lines.join("\n"), { mode: 0o755 });
  return `${folder}${delimiter}${path}`;
}

type Seen = {
  readonly commands: readonly string[];
  readonly cpuMs: number;
  readonly bytes: number;
};

async function look(
  processes: readonly BenchProcess[],
  log: string,
  journals: readonly string[],
): Promise<Seen> {
  const commands = (await readFile(log, "utf8")).split("\n").filter(Boolean);
  let cpuMs = 0;
  for (const { pid } of processes) cpuMs += await cpuOf(pid);
  let bytes = 0;
  for (const journal of journals) bytes += await bytesIn(journal);
  return { commands, cpuMs, bytes };
}

const ticksPerSecond = 100;

/** User and system time of a process, ms, as Linux counts it; its children that ended, too. */
async function cpuOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  return (ticks * 1_000) / ticksPerSecond;
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
