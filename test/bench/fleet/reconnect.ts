import { connect, type NatsConnection } from "nats";
import type { Bus } from "#services/bus/bus.ts";
import { openBus } from "#services/bus/open-bus.ts";
import { linkRetry, pause, retryDelayMs } from "#services/bus/retry-delay.ts";
import type { NatsProcess } from "../../../deploy/setup/nats-process.ts";
import { startBenchNats } from "../bench-nats.ts";

/** So many clients that lose their server at once and come back when it does. */
type Crowd = {
  /** Resolves when none has a link any more. */
  readonly down: () => Promise<void>;
  /** Resolves when all have one again. */
  readonly up: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** From a server that serves again until every client has its link, ms. */
export async function reconnectMs(
  dir: string,
  count: number,
  gather: (url: string, count: number) => Promise<Crowd>,
): Promise<number> {
  let nats: NatsProcess = await startBenchNats(dir);
  const crowd = await gather(nats.url, count);
  try {
    await nats.kill();
    await crowd.down();
    nats = await startBenchNats(dir, nats.port);
    const startMs = performance.now();
    await crowd.up();
    return performance.now() - startMs;
  } finally {
    await crowd.close();
    await nats.stop();
  }
}

/** Clients as every process of ours has one. */
export async function ourCrowd(url: string, count: number): Promise<Crowd> {
  const buses = await inChunks(count, (at) => {
    return openBus({ url, name: `m-${at}`, town: "bench", notice: () => {} });
  });
  const changed = bell();
  for (const bus of buses) {
    bus.onLink(changed.ring);
    bus.onError(() => {}); // That the server is gone is what is measured.
  }
  const isUp = (bus: Bus) => bus.isUp();
  return {
    down: () => changed.until(() => !buses.some(isUp)),
    up: () => changed.until(() => buses.every(isUp)),
    close: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
    },
  };
}

/** Bare clients of the `nats` library that wait between two tries as ours do. */
export async function bareCrowd(url: string, count: number): Promise<Crowd> {
  const stop = new AbortController();
  const changed = bell();
  const links = new Map<number, NatsConnection>();
  const keep = async (at: number, first: () => void) => {
    let failures = 0;
    while (!stop.signal.aborted) {
      try {
        const link = await connect({ servers: url, reconnect: false });
        failures = 0;
        links.set(at, link);
        first();
        changed.ring();
        await link.closed();
        links.delete(at);
        changed.ring();
      } catch {
        failures += 1; // The server is away: what this waits for.
      }
      await pause(retryDelayMs(failures + 1, linkRetry, Math.random()), stop.signal);
    }
  };
  const kept: Promise<void>[] = [];
  await inChunks(count, (at) => new Promise<void>((first) => kept.push(keep(at, first))));
  return {
    down: () => changed.until(() => links.size === 0),
    up: () => changed.until(() => links.size === count),
    close: async () => {
      stop.abort();
      await Promise.all([...links.values()].map((link) => link.close()));
      await Promise.all(kept);
    },
  };
}

const chunk = 100;

async function inChunks<T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let from = 0; from < count; from += chunk) {
    const size = Math.min(chunk, count - from);
    made.push(...(await Promise.all(Array.from({ length: size }, (_, at) => make(from + at)))));
  }
  return made;
}

function bell(): { ring: () => void; until: (holds: () => boolean) => Promise<void> } {
  const waiting = new Set<() => void>();
  return {
    ring: () => {
      for (const wake of waiting) wake();
    },
    until: (holds) =>
      new Promise((resolve) => {
        const look = () => {
          if (!holds()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
