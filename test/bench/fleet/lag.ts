import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openBus } from "#services/bus/open-bus.ts";
import { beatSubject } from "#services/bus/subjects.ts";
import { decodeBeat } from "#services/telemetry/beat.ts";
import { projectRoot } from "../../../deploy/setup/set-up.mjs";
import { bareRepository, startProcess } from "../bench-processes.ts";

/** How a town's event loop lagged: the 99th percentile of each stretch between two of its beats. */
export async function townLag(options: {
  readonly dir: string;
  readonly natsUrl: string;
  readonly machines: number;
  readonly beatMs: number;
  readonly eventsPerSecond: number;
  /** How long each stretch is, ms, and how many are taken. */
  readonly stretchMs: number;
  readonly stretches: number;
}): Promise<number[]> {
  const { dir, natsUrl, machines, beatMs, eventsPerSecond, stretchMs, stretches } = options;
  const name = "bench";
  const town = await startProcess("town/main.ts", join(dir, "town"), {
    GT_TOWN_NAME: name,
    GT_NATS_URL: natsUrl,
    GT_LEDGER_REMOTE: await bareRepository(join(dir, "ledger.git")),
    GT_HEARTBEAT_MS: String(stretchMs),
  });
  const bus = await openBus({ url: natsUrl, name: "ear", town: name, notice: () => {} });
  const load = startLoad([natsUrl, name, machines, beatMs, eventsPerSecond].map(String));
  try {
    await load.ready;
    return await new Promise((resolve, reject) => {
      const lags: number[] = [];
      load.child.once("exit", () => reject(new Error("the load ended")));
      bus.listen(beatSubject(name, "town"), (payload) => {
        lags.push(decodeBeat(payload)?.loopLagMs ?? Number.NaN);
        // The first ones hold the enrolling.
        if (lags.length === stretches + 2) resolve(lags.slice(2));
      });
    });
  } finally {
    load.child.kill("SIGKILL");
    await bus.close();
    await town.kill("SIGKILL");
  }
}

function startLoad(args: readonly string[]): { child: ChildProcess; ready: Promise<unknown> } {
  const script = join(projectRoot, "test", "bench", "fleet", "load.ts");
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { child, ready: once(createInterface({ input: child.stdout }), "line") };
}
