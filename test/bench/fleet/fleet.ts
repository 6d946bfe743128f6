import { join } from "node:path";
import { startBenchNats } from "../bench-nats.ts";
import { percentile, spreadOf } from "../measure.ts";
import { type Finding, finding } from "../metric.ts";
import type { Settings } from "../settings.ts";
import { townLag } from "./lag.ts";
import { bareCrowd, ourCrowd, reconnectMs } from "./reconnect.ts";
import { restartMs } from "./restart.ts";

const bench = "fleet";

/** A town under a fleet: how its loop lags, how all come back at once, how soon it works again. */
export async function* benchFleet({ repeats, dir }: Settings): AsyncIterable<Finding> {
  const isTiny = repeats === 1;
  const [machines, rate] = isTiny ? [50, 50] : [5_000, 2_000];
  const nats = await startBenchNats(join(dir, "lag"));
  const lags = await townLag({
    dir: join(dir, "lag"),
    natsUrl: nats.url,
    ...{ machines, beatMs: 10_000, eventsPerSecond: rate },
    ...{ stretchMs: isTiny ? 500 : 10_000, stretches: 2 },
  });
  yield finding({
    ...{ bench, metric: `loop lag p99, ${machines} machines and ${rate} events/s`, unit: "ms" },
    ...{ ours: Math.max(...lags), target: 20 },
  });
  const crowd = isTiny ? 20 : 1_000;
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round < Math.min(3, repeats); round += 1) {
    bare.push(await reconnectMs(join(dir, `bare-${round}`), crowd, bareCrowd));
    ours.push(await reconnectMs(join(dir, `ours-${round}`), crowd, ourCrowd));
  }
  yield finding({
    ...{ bench, metric: `${crowd} machines reconnect`, unit: "ms", target: 1.5 },
    ours: spreadOf(ours),
    limit: percentile(bare, 0.5),
  });
  const beads = isTiny ? 100 : 10_000;
  const took = await restartMs(join(dir, "restart"), nats.url, beads, Math.min(5, repeats));
  await nats.stop();
  yield finding({
    ...{ bench, metric: `town killed to dispatching again, ${beads} beads`, unit: "ms" },
    ...{ ours: spreadOf(took), target: 2_000 },
  });
}
