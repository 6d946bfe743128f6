import { connect, type NatsConnection } from "nats";
import { elapsedMs } from "./measure.ts";

/** What a bare client of the same nats-server does. */
export type NatsLimits = {
  /** One request and its answer, ms each. */
  readonly requests: (count: number) => Promise<number[]>;
  /** Store, pull and acknowledge so many messages, pipelined; ms for all. */
  readonly throughStore: (count: number, bytes: number) => Promise<number>;
  readonly close: () => Promise<void>;
};

const stream = "bare";
const inFlight = 256;

/** Open two bare connections to a nats-server. */
export async function openNatsLimits(url: string): Promise<NatsLimits> {
  const [one, two] = [await connect({ servers: url }), await connect({ servers: url })];
  await echo(two);
  const manager = await one.jetstreamManager();
  await manager.streams.add({ name: stream, subjects: ["bare.stored.>"] });
  return {
    requests: async (count) => {
      const took: number[] = [];
      for (let each = 0; each < count; each += 1) {
        took.push(await elapsedMs(() => one.request("bare.echo", payload)));
      }
      return took;
    },
    throughStore: (count, bytes) => elapsedMs(() => throughStore(one, two, count, bytes)),
    close: async () => {
      await Promise.all([one.close(), two.close()]);
    },
  };
}

const payload = new Uint8Array(300);

async function echo(connection: NatsConnection): Promise<void> {
  connection.subscribe("bare.echo", {
    callback: (_error, message) => void message.respond(message.data),
  });
  await connection.flush();
}

/** One publishes and waits for the store's word, the other pulls and acknowledges. */
async function throughStore(
  from: NatsConnection,
  to: NatsConnection,
  count: number,
  bytes: number,
): Promise<void> {
  const body = new Uint8Array(bytes);
  const manager = await to.jetstreamManager();
  const durable = `c${process.hrtime.bigint()}`;
  const { AckPolicy, DeliverPolicy } = await import("nats");
  await manager.consumers.add(stream, {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.New,
  });
  const consumer = await to.jetstream().consumers.get(stream, durable);
  const messages = await consumer.consume({ max_messages: inFlight });
  const pulled = (async () => {
    let left = count;
    for await (const message of messages) {
      message.ack();
      left -= 1;
      if (left === 0) break;
    }
  })();
  const js = from.jetstream();
  const publishing = new Set<Promise<unknown>>();
  for (let each = 0; each < count; each += 1) {
    const published = js.publish("bare.stored.x", body).finally(() => publishing.delete(published));
    publishing.add(published);
    if (publishing.size >= inFlight) await Promise.race(publishing);
  }
  await Promise.all(publishing);
  await pulled;
  await to.flush();
  await manager.consumers.delete(stream, durable);
}
