import { join } from "node:path";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { connectRpc } from "#services/rpc/client.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { bareRepository, startProcess } from "../bench-processes.ts";

const chunk = 2_000;

/** From `kill -9` of a town that keeps so many beads to its first placement after that, ms. */
export async function restartMs(
  dir: string,
  natsUrl: string,
  beads: number,
  repeats: number,
): Promise<number[]> {
  await using code = await scratchRemote();
  const settings = {
    GT_TOWN_NAME: "restart",
    GT_NATS_URL: natsUrl,
    GT_LEDGER_REMOTE: await bareRepository(join(dir, "ledger.git")),
  };
  const start = () => startProcess("town/main.ts", join(dir, "town"), settings);
  let town = await start();
  const machine = await startProcess("rig-agent/main.ts", join(dir, "vm-a"), {
    GT_MACHINE: "vm-a",
    GT_TOWN_ADDRESS: town.ready.address ?? "",
    GT_POLECATS_MAX: "64",
  });
  try {
    await fill(town.ready.address ?? "", code.remote, beads);
    // A town that has just started takes nobody for silent, and nobody shall work for real.
    await machine.kill("SIGTERM");
    const took: number[] = [];
    for (let each = 0; each < repeats; each += 1) {
      const startMs = performance.now();
      await town.kill("SIGKILL");
      town = await start();
      await slingOne(town.ready.address ?? "", `al-${each}`);
      took.push(performance.now() - startMs);
    }
    return took;
  } finally {
    await machine.kill("SIGKILL");
    await town.kill("SIGKILL");
  }
}

async function fill(address: string, remote: string, count: number): Promise<void> {
  const rpc = connectRpc({ address });
  await rpc.client(FleetService).addRig({ name: "alpha", prefix: "al", remote });
  const lines = Array.from({ length: count }, (_, at) => {
    return JSON.stringify({ id: `al-${at}`, title: `Work ${at}`, status: "open" });
  });
  for (let at = 0; at < lines.length; at += chunk) {
    await rpc.client(WorkService).importBeads({ lines: lines.slice(at, at + chunk) });
  }
  rpc.close();
}

/** Sling a bead, and wait until the Mayor has placed it. */
async function slingOne(address: string, id: string): Promise<void> {
  const rpc = connectRpc({ address });
  try {
    await rpc.client(WorkService).slingBead({ id, runtime: "shell", command: "true" });
    for (;;) {
      const { placement } = await rpc.client(WorkService).explainBead({ id });
      if (placement) return;
    }
  } catch (error) {
    if (isTownError(error)) throw new Error(`${id}: ${error.message}`, { cause: error });
    throw error;
  } finally {
    rpc.close();
  }
}
