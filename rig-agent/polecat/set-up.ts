import { pause } from "#services/lifecycle/pause.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { markerVariable } from "#services/runtime/process-tree.ts";
import type { Launch } from "#services/runtime/runtime.ts";
import { CannotStartError } from "./cannot-start.ts";
import type { PolecatPorts } from "./ports.ts";

/** How long a rig's set-up may take. */
export const setUpTimeoutMs = 15 * 60_000;
const outputLinesMax = 60;

/** What a set-up's processes carry, so that they are not taken for the worker's. */
export function setUpMarker(session: string): string {
  return `${session}#set-up`;
}

/**
 * Run a rig's set-up command in a worktree and wait for it. One that an earlier process of ours
 * left running is ended first, so that there are never two.
 *
 * @throws CannotStartError when it fails or takes too long; TownError `cancelled` when we shall end
 */
export async function setUp(
  ports: Pick<PolecatPorts, "runtime" | "clock" | "signal" | "output">,
  command: string,
  { session: name, ...where }: Omit<Launch, "argv"> & { readonly session: string },
): Promise<void> {
  const { runtime, clock, signal } = ports;
  const marker = setUpMarker(where.env[markerVariable] ?? "");
  const env = { ...where.env, [markerVariable]: marker };
  const earlier = await runtime.find(marker);
  if (earlier) await runtime.end(earlier);
  const session = await runtime.start({ ...where, env, argv: ["/bin/sh", "-c", command] });
  const timeout = new AbortController();
  const either = AbortSignal.any([signal, timeout.signal]);
  const exit = await Promise.race([
    runtime.exited(session, either).then((ended) => (either.aborted ? undefined : ended)),
    pause(clock, setUpTimeoutMs, signal),
  ]);
  timeout.abort();
  await runtime.end(session); // Also what it left in the background.
  if (signal.aborted) throw new TownError("cancelled", "the set-up was cut short");
  if (exit?.code === 0) return;
  const how = exit ? `exit code ${exit.code ?? exit.signal}` : "it took more than 15 minutes";
  const output = await ports.output.tail(name, outputLinesMax);
  throw new CannotStartError(`the rig's set-up failed: ${command} (${how})`, output);
}
