import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { logTail } from "../../deploy/local/process/log-tail.ts";
import { send, stopHome } from "../../deploy/local/process/stop.ts";
import type { NatsServer } from "../../deploy/setup/nats-server.ts";
import { whoIsLeft } from "../scenarios/left-behind.ts";
import { judge } from "./judge.ts";
import { living, untilQuiet } from "./quiet.ts";
import type { Scenario } from "./scenario.ts";
import { type OpenStage, openStage } from "./stage.ts";

const scenarioMsMax = 300_000;

/** How one scenario went. */
export type Outcome = {
  readonly name: string;
  readonly elapsedMs: number;
  /** Empty: it passed. */
  readonly why: readonly string[];
  /** Where everything is kept of one that failed, and what its processes said last. */
  readonly home?: string;
  readonly tails?: readonly string[];
};

/** Play one scenario in a folder of its own, end all that it started, and judge it. */
export async function runScenario(
  scenario: Scenario,
  { nats, signal }: { readonly nats: NatsServer; readonly signal: AbortSignal },
): Promise<Outcome> {
  const { name, timeoutMs = scenarioMsMax } = scenario;
  const startMs = performance.now();
  const home = mkdtempSync(join(tmpdir(), `gt-chaos-${name}-`));
  const late = AbortSignal.timeout(timeoutMs);
  const both = AbortSignal.any([signal, late]);
  const why: string[] = [];
  let stage: OpenStage | undefined;
  try {
    stage = await openStage({ home, nats, signal: both });
    await scenario.run(stage);
    await untilQuiet(stage);
    await stop(stage);
    why.push(...(await judge(stage)));
  } catch (error) {
    why.push(...(stage?.objections() ?? []), late.aborted ? tooLong(timeoutMs) : words(error));
  }
  const tails = why.length === 0 ? [] : logTails(stage);
  await endAll(home, stage, why);
  const elapsedMs = Math.round(performance.now() - startMs);
  if (why.length > 0) return { name, elapsedMs, why, home, tails };
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  return { name, elapsedMs, why };
}

/** Machines first, since they push what they have; the town takes it in. */
async function stop({ fleet }: OpenStage): Promise<void> {
  for (const machine of fleet.machines.values()) if (machine.isUp()) await machine.stop();
  if (fleet.town.isUp()) await fleet.town.stop();
  await fleet.bus.stop();
}

async function endAll(home: string, stage: OpenStage | undefined, why: string[]): Promise<void> {
  for (const unit of stage ? [stage.fleet.town, ...living(stage)] : []) {
    if (unit.isUp()) unit.resume(); // A stopped process would not hear that it shall end.
  }
  try {
    await stopHome(home, systemProcesses());
  } catch (error) {
    why.push(words(error));
  }
  await stage?.close().catch((error: unknown) => why.push(words(error)));
  for (const left of await whoIsLeft(home)) send(Number.parseInt(left, 10), "SIGKILL");
}

function logTails(stage: OpenStage | undefined): string[] {
  const units = stage ? [stage.fleet.town, ...stage.fleet.machines.values()] : [];
  return units
    .filter(({ logPath }) => existsSync(logPath))
    .map(({ name, logPath }) => `${name}: ${logTail(readFileSync(logPath, "utf8"))}`);
}

function tooLong(timeoutMs: number): string {
  return `it was not over after ${timeoutMs / 1_000} s`;
}

function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message}${cause}`;
}
