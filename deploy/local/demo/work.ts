import { readFile } from "node:fs/promises";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { RpcClient } from "#services/rpc/client.ts";
import { rigs } from "./fleet.ts";
import { sampleWork } from "./remotes.ts";

/** The gate of both projects. Nothing is installed, so the tests alone are it. */
const gate = { name: "test", command: "node test/all.js" };

/** What there is to do: the epic, and every bead of the file. */
export type Work = { readonly epic: string; readonly ids: readonly string[] };

/**
 * Have the town take up both projects, file the work, and ask for it, over gRPC as anyone would.
 * The request ids make a repetition harmless.
 */
export async function giveWork(
  rpc: RpcClient,
  remotes: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Work> {
  const fleet = rpc.client(FleetService);
  const work = rpc.client(WorkService);
  const limits = { signal, timeoutMs: 30_000 };
  for (const { name, machine } of rigs) {
    await fleet.addRig(
      {
        requestId: `demo-rig-${name}`,
        name,
        remote: remotes[name] ?? "",
        gates: [gate],
        machines: [machine],
        defaultRuntime: "patch",
      },
      limits,
    );
  }
  const text = await readFile(sampleWork, "utf8");
  const lines = datedLines(text, new Date());
  const { ids } = await work.importBeads({ requestId: "demo-import", lines }, limits);
  const epic = ids[0] ?? "";
  await work.slingBead({ requestId: "demo-sling", id: epic, runtime: "patch" }, limits);
  return { epic, ids };
}

/** The lines of a file of Beads, as if they had been written just now. Pure. */
export function datedLines(text: string, now: Date): string[] {
  const [created_at, updated_at] = [now.toISOString(), now.toISOString()];
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.stringify({ ...JSON.parse(line), created_at, updated_at }));
}
