import { readFileSync } from "node:fs";
import type { ChaosMachine } from "./fleet.ts";
import type { Stage } from "./stage.ts";

/**
 * Block the event loop of a running rig-agent, as an endless regular expression would: by Node's
 * own inspector, which it opens on SIGUSR1. Resolves when the loop turns again.
 */
export async function blockLoop(
  machine: ChaosMachine,
  blockedMs: number,
  { until, signal }: Pick<Stage, "until" | "signal">,
): Promise<void> {
  process.kill(machine.pid(), "SIGUSR1");
  const url = await until(`the inspector of ${machine.name} listens`, () => {
    const log = readFileSync(machine.logPath, "utf8");
    return /Debugger listening on (ws:\S+)/.exec(log)?.[1];
  });
  const socket = new WebSocket(url);
  const opened = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onmessage = () => answered.resolve();
  socket.onerror = () => {
    const error = new Error(`the inspector of ${machine.name} cannot be reached`);
    opened.reject(error);
    answered.reject(error);
  };
  signal.addEventListener("abort", () => answered.reject(signal.reason), { once: true });
  try {
    await opened.promise;
    const expression = `for (const end = Date.now() + ${blockedMs}; Date.now() < end; );`;
    const params = { expression };
    socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params }));
    await answered.promise;
  } finally {
    socket.close();
  }
}
