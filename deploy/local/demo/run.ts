import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { RpcClient } from "#services/rpc/client.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { foldLines, ledgerLines } from "../verify/read-ledger.ts";
import type { Killing } from "./interrupt.ts";
import { accountKill } from "./kill-account.ts";
import { sampleWork } from "./remotes.ts";
import type { Outcome } from "./summary.ts";
import type { WatchEnd } from "./watch.ts";
import type { Work } from "./work.ts";

const quietMsMax = 15_000;
const lookMs = 150;

/** Wait until no polecat is left: each is shut down and cleared away after its work has landed. */
export async function untilQuiet(rpc: RpcClient, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + quietMsMax;
  while (performance.now() < deadlineMs) {
    const { polecatsRunning } = await rpc.client(TownService).getTown({}, { signal });
    if (polecatsRunning === 0) return;
    await sleep(lookMs, undefined, { signal });
  }
}

const Verification = z.object({ verified: z.boolean(), reasons: z.array(z.string()) });
/** What the check of the remotes found. */
export type Verification = z.infer<typeof Verification>;

const waitSeconds = 20;

/** Judge the run from the remotes alone, by a process that knows nothing else of it. */
export function verify(ledgerRemote: string, signal: AbortSignal): Promise<Verification> {
  const script = fileURLToPath(new URL("../verify.ts", import.meta.url));
  const wanted = ["--ledger", ledgerRemote, "--file", sampleWork, "--wait", String(waitSeconds)];
  const child = spawn(process.execPath, [...process.execArgv, script, ...wanted, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  return new Promise((resolve, reject) => {
    let [said, complained] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complained += text;
    });
    child.once("error", reject);
    child.once("close", () => {
      if (said !== "") return resolve(Verification.parse(JSON.parse(said)));
      reject(new TownError("unavailable", `the remotes could not be read: ${complained.trim()}`));
    });
  });
}

/** Everything that the summary is made of, but for what only the whole run knows. */
export async function gatherOutcome(
  rpc: RpcClient,
  work: Work,
  { root }: WatchEnd,
  signal: AbortSignal,
): Promise<Omit<Outcome, "elapsedMs" | "verified" | "killed">> {
  const get = rpc.client(WorkService).getBead;
  const found = await Promise.all(work.ids.map((id) => get({ id }, { signal })));
  const beads = found.flatMap(({ bead }): Bead[] => (bead === undefined ? [] : [bead]));
  const request = { all: true, pageSize: 1_000 };
  const { mergeRequests } = await rpc
    .client(MergeQueueService)
    .listMergeRequests(request, { signal });
  const { machines } = await rpc.client(FleetService).listMachines({}, { signal });
  const { rigs } = await rpc.client(FleetService).listRigs({}, { signal });
  const { bus } = await rpc.client(TownService).getTown({}, { signal });
  return {
    beads,
    root,
    requests: mergeRequests,
    machines: machines.length,
    rigs: rigs.length,
    bus,
  };
}

/** What the kill did to the work, by the ledger that reached the remote. */
export async function killOutcome(
  killing: Killing,
  ledgerRemote: string,
  signal: AbortSignal,
): Promise<NonNullable<Outcome["killed"]>> {
  const { machine, interrupted, before } = killing;
  const { events } = await foldLines(await ledgerLines(ledgerRemote, signal));
  const account = accountKill(machine, interrupted, before, events);
  return { account, interrupted: interrupted.length };
}
