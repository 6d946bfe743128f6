import type { Bus } from "#services/bus/bus.ts";
import {
  connectMemoryBus,
  createMemoryBroker,
  type MemoryBroker,
  type MemoryBusOptions,
} from "#services/bus/bus-memory.ts";
import { createListeners, type Listeners } from "#services/bus/link.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { SimProcess, Timeline } from "./timeline.ts";

/** Where the broker is, on the network. */
export const busPlace = "bus";

const publishTimeoutMs = 5_000;
/** How long a client takes to notice that nothing comes any more, and that it could again. */
const noticeMs = { down: [500, 8_000], up: [50, 1_000] } as const;

/** The bus of a simulated world: one broker, and a network between it and its clients. */
export class SimBus {
  readonly broker: MemoryBroker;
  readonly #timeline: Timeline;
  readonly #network: Network;
  readonly #random: Random;
  /** Clients that will see soon what is new. */
  readonly #told = new Set<string>();
  /** How much longer a client takes with everything; a slow consumer. */
  readonly #slow = new Map<string, number>();
  readonly #noticing = new Map<string, () => void>();
  #duplicates = 0;

  constructor(timeline: Timeline, network: Network, random: Random) {
    this.#timeline = timeline;
    this.#network = network;
    this.#random = random;
    let lives = 0;
    this.broker = createMemoryBroker({
      nowMs: timeline.nowMs,
      newStoreId: () => {
        lives += 1;
        return `store-${lives}`;
      },
      transit: (client, see) => this.#transit(client, see),
    });
    network.onChange((from, to) => {
      if (to === busPlace) this.#notice(from);
      if (from === busPlace) this.#notice(to);
    });
  }

  /** The bus as a process sees it that runs at `place`. */
  connect(
    place: string,
    process: SimProcess,
    options: Pick<MemoryBusOptions, "signal" | "allow" | "retry"> = {},
  ): Bus {
    const random = this.#random.split(`${place} ${process.name}`);
    if (this.#network.isConnected(place, busPlace)) this.broker.heal(place);
    else this.broker.cut(place);
    const inner = connectMemoryBus(this.broker, {
      name: place,
      clock: process.clock,
      random: () => random.int(0, 999) / 1_000,
      ...options,
    });
    const errors = createListeners<Error>();
    return {
      ...inner,
      publish: (subject, payload, dedupeId) =>
        this.#publish(inner, { place, process }, [subject, payload, dedupeId]),
      consume: (pattern, handle, options) =>
        inner.consume(pattern, (message) => hold(process, () => handle(message)), options),
      signal: (subject, payload) => {
        if (!process.isAlive || !inner.isUp()) return;
        this.#network.send(place, busPlace, () => inner.signal(subject, payload));
      },
      listen: (pattern, handle) =>
        inner.listen(pattern, (payload, subject) => {
          const heard = () => report(errors, () => handle(payload, subject));
          this.#network.send(busPlace, place, () => process.deliver(heard));
        }),
      request: (subject, payload, timeoutMs) =>
        process.call(() => inner.request(subject, payload, timeoutMs)),
      respond: (pattern, answer) =>
        inner.respond(pattern, (payload, subject) => hold(process, () => answer(payload, subject))),
      onError: (listener) => {
        const watches = [inner.onError(listener), errors.add(listener)];
        return {
          stop: () => {
            for (const { stop } of watches) stop();
          },
        };
      },
      onLink: (listener) => inner.onLink((up) => process.deliver(() => listener(up))),
    };
  }

  /** A process is gone, and with it its connection. */
  drop(place: string): void {
    for (const client of [...this.broker.clients]) {
      if (client.name !== place) continue;
      this.broker.clients.delete(client);
      client.listeners.clear();
      client.responders.clear();
    }
  }

  /** The broker dies, and comes back after a while with what it had stored. */
  restart(downMs: number): void {
    this.broker.cut();
    this.#timeline.after(downMs, () => this.broker.heal());
  }

  /** Have one client see everything so much later. */
  slow(place: string, byMs: number): void {
    if (byMs > 0) this.#slow.set(place, byMs);
    else this.#slow.delete(place);
  }

  /** Store some of what is stored once more, as after the dedupe window. */
  duplicate(count: number): number {
    const { store } = this.broker;
    const { lastSeq } = store.state(0);
    let done = 0;
    for (; done < count && lastSeq > 0; done += 1) {
      const message = store.after(this.#random.int(0, lastSeq - 1), "gt.>");
      if (!message) break;
      this.#duplicates += 1;
      store.append(message.subject, message.payload, `duplicate-${this.#duplicates}`);
    }
    this.broker.tellStored();
    return done;
  }

  #publish(
    inner: Bus,
    { place, process }: { place: string; process: SimProcess },
    message: Parameters<Bus["publish"]>,
  ): Promise<void> {
    if (!process.isAlive) return new Promise(() => {});
    if (!inner.isUp()) return inner.publish(...message); // It says why not.
    return new Promise((resolve, reject) => {
      const cancel = process.clock.after(publishTimeoutMs, () => {
        reject(new TownError("timeout", "the bus did not acknowledge"));
      });
      const arrive = async () => {
        // The acknowledgement comes back on a way of its own.
        const isBack = this.#network.isOpen(busPlace, place);
        try {
          await inner.publish(...message);
          if (isBack) process.deliver(resolve);
        } catch (error) {
          if (isBack) process.deliver(() => reject(error));
        }
        if (isBack) cancel();
      };
      this.#network.send(place, busPlace, () => void arrive());
    });
  }

  /** Have a client look at the store when word of it has come; whoever looks sees all there is. */
  #transit(client: string, see: () => void): void {
    if (this.#told.has(client)) return;
    const arrive = () => {
      this.#told.delete(client);
      see();
    };
    const lateMs = this.#slow.get(client) ?? 0;
    this.#told.add(client);
    const isSent = this.#network.send(busPlace, client, () => {
      if (lateMs > 0) this.#timeline.after(lateMs, arrive);
      else arrive();
    });
    if (isSent) return;
    this.#told.delete(client);
    // A stream is sent again until it is there, as long as its connection lasts.
    if (this.#network.isOpen(busPlace, client)) {
      this.#timeline.after(200, () => this.#transit(client, see));
    }
  }

  /** A client notices after a while what became of its connection. */
  #notice(place: string): void {
    this.#noticing.get(place)?.();
    const isUp = this.#network.isConnected(place, busPlace);
    const [min, max] = isUp ? noticeMs.up : noticeMs.down;
    const cancel = this.#timeline.after(this.#random.int(min, max), () => {
      this.#noticing.delete(place);
      this.#told.delete(place);
      if (!isUp) this.broker.cut(place);
      else if (this.broker.isCut(place)) this.broker.heal(place);
      else this.broker.tellStored();
    });
    this.#noticing.set(place, cancel);
  }
}

/** Have a process handle something when it can; never where it is dead. */
function hold<T>(process: SimProcess, work: () => Promise<T> | T): Promise<T> {
  return new Promise((resolve, reject) => {
    process.deliver(() => {
      if (process.isAlive) Promise.try(work).then(resolve, reject);
    });
  });
}

function report(errors: Listeners<Error>, work: () => void): void {
  try {
    work();
  } catch (error) {
    errors.tell(error instanceof Error ? error : new Error(String(error)));
  }
}
