import { type Clock, systemClock } from "../lifecycle/clock.ts";
import { pause } from "../lifecycle/pause.ts";
import { TownError } from "../rpc/town-error.ts";
import type { Allowed, MemoryBroker, MemoryClient } from "./broker-memory.ts";
import type { Bus, Responder, Subscription } from "./bus.ts";
import { type ConsumerPorts, type StoredMessage, startConsumer } from "./consumer.ts";
import { createLink, createListeners } from "./link.ts";
import { resume } from "./position.ts";
import { decodeFailure, encodeFailure } from "./reply.ts";
import { consumerRetry, type RetryLimits } from "./retry-delay.ts";
import {
  checkConsumable,
  checkPattern,
  checkStorable,
  checkSubject,
  matchesSubject,
} from "./subjects.ts";

export { createMemoryBroker, type MemoryBroker } from "./broker-memory.ts";

export type MemoryBusOptions = {
  readonly name: string;
  /** What the client may use; everything without it. */
  readonly allow?: Allowed;
  readonly retry?: RetryLimits;
  readonly signal?: AbortSignal;
  /** What its waits pass on. */
  readonly clock?: Clock;
  /** 0 to 1, to spread retries. */
  readonly random?: () => number;
};

/** A client of the in-process broker, with the semantics of the NATS one. */
export function connectMemoryBus(broker: MemoryBroker, options: MemoryBusOptions): Bus {
  const errors = createListeners<Error>();
  const closed = new AbortController();
  const client: MemoryClient = {
    name: options.name,
    allow: options.allow,
    link: createLink(),
    stored: createListeners<void>(),
    listeners: new Set(),
    responders: new Set(),
    report: (error) => errors.tell(error instanceof Error ? error : new Error(String(error))),
  };
  const { link } = client;
  broker.clients.add(client);
  link.set(!broker.isCut(options.name));
  const close = async () => {
    closed.abort();
    broker.clients.delete(client);
    link.set(false);
  };
  if (options.signal?.aborted) void close();
  options.signal?.addEventListener("abort", () => void close(), { once: true });

  return {
    kind: "memory",
    version: "memory",
    isUp: link.isUp,
    onLink: link.onLink,
    onError: errors.add,
    close,
    publish: async (subject, payload, dedupeId) => {
      checkStorable(subject, payload);
      needUse(client, "publish", subject);
      if (!broker.store.append(subject, payload, dedupeId)) return;
      broker.tellStored();
    },
    consume: async (pattern, handle, where) => {
      checkConsumable(pattern);
      const ports = consumerPorts(broker, client, { pattern, where }, options);
      return startConsumer(ports, handle, closed.signal);
    },
    signal: (subject, payload) => {
      checkSubject(subject);
      if (!link.isUp()) return;
      if (!isAllowed(client, "publish", subject)) return reportDenied(client, "publish", subject);
      for (const other of [...broker.clients]) spread(other, subject, payload.slice());
    },
    listen: (pattern, handle) => enter(client, client.listeners, { pattern, handle }),
    respond: (pattern, answer) => enter(client, client.responders, { pattern, answer }),
    request: async (subject, payload, timeoutMs) => {
      checkSubject(subject);
      needUse(client, "publish", subject);
      const question = { subject, payload: payload.slice(), timeoutMs };
      return ask(broker, client, question, options.clock ?? systemClock);
    },
  };
}

function consumerPorts(
  broker: MemoryBroker,
  client: MemoryClient,
  { pattern, where }: { pattern: string; where: Parameters<Bus["consume"]>[2] },
  { retry = consumerRetry, clock, random }: MemoryBusOptions,
): ConsumerPorts {
  const { from, after } = where;
  const { link, report } = client;
  return {
    after,
    isUp: link.isUp,
    untilUp: link.untilUp,
    report,
    retry,
    random,
    pause: clock && ((durationMs, signal) => pause(clock, durationMs, signal)),
    open: async (last, signal) => {
      needUse(client, "subscribe", pattern);
      const position = resume(last, from, broker.store.state(last?.seq ?? 0));
      return { position, messages: feed(broker, client, position.seq, pattern, signal) };
    },
  };
}

/** What is stored after `seq`, until the link blinks or `signal` is raised. */
async function* feed(
  broker: MemoryBroker,
  { link, stored }: MemoryClient,
  after: number,
  pattern: string,
  signal: AbortSignal,
): AsyncGenerator<StoredMessage> {
  const ended = new AbortController();
  const end = () => ended.abort();
  let wake = Promise.withResolvers<void>();
  const watches = [stored.add(() => wake.resolve()), link.onLink(end)];
  signal.addEventListener("abort", end);
  ended.signal.addEventListener("abort", () => wake.resolve());
  if (signal.aborted || !link.isUp()) end();
  try {
    let seq = after;
    while (!ended.signal.aborted) {
      const message = broker.store.after(seq, pattern);
      if (message) {
        seq = message.seq;
        yield { ...message, payload: message.payload.slice() };
      } else {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    }
  } finally {
    for (const watch of watches) watch.stop();
    signal.removeEventListener("abort", end);
  }
}

/** Hand a signal to one client's listeners, later, as a server would. */
function spread(client: MemoryClient, subject: string, payload: Uint8Array): void {
  for (const entry of [...client.listeners]) {
    if (!matchesSubject(entry.pattern, subject)) continue;
    queueMicrotask(() => {
      if (!client.link.isUp() || !client.listeners.has(entry)) return;
      try {
        entry.handle(payload, subject);
      } catch (error) {
        client.report(error);
      }
    });
  }
}

type Question = {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly timeoutMs: number;
};

async function ask(
  broker: MemoryBroker,
  client: MemoryClient,
  { subject, payload, timeoutMs }: Question,
  clock: Clock,
): Promise<Uint8Array> {
  const found = findResponder(broker, subject);
  if (!found) throw new TownError("unavailable", `nobody answers ${subject}`);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const cancel = clock.after(timeoutMs, () => {
    reject(new TownError("timeout", `${subject} did not answer in ${timeoutMs} ms`));
  });
  const watch = client.link.onLink(() => reject(linkDown()));
  // An answer given while the responder's link is down is lost on the way.
  const reply = (deliver: () => void) => found.client.link.isUp() && deliver();
  answer(found.client, found.answer, payload, subject).then(
    (bytes) => reply(() => resolve(bytes.slice())),
    (error) => reply(() => reject(decodeFailure(encodeFailure(error), subject))),
  );
  try {
    return await promise;
  } finally {
    cancel();
    watch.stop();
  }
}

async function answer(
  client: MemoryClient,
  respond: Responder,
  payload: Uint8Array,
  subject: string,
): Promise<Uint8Array> {
  try {
    return await respond(payload, subject);
  } catch (error) {
    // An expected failure is the caller's to report; a bug is the responder's.
    if (!(error instanceof TownError)) client.report(error);
    throw error;
  }
}

function findResponder(broker: MemoryBroker, subject: string) {
  for (const client of broker.clients) {
    if (!client.link.isUp()) continue;
    for (const { pattern, answer } of client.responders) {
      if (matchesSubject(pattern, subject)) return { client, answer };
    }
  }
  return undefined;
}

function enter<T extends { readonly pattern: string }>(
  client: MemoryClient,
  entries: Set<T>,
  entry: T,
): Subscription {
  checkPattern(entry.pattern);
  if (isAllowed(client, "subscribe", entry.pattern)) entries.add(entry);
  else reportDenied(client, "subscribe", entry.pattern);
  return { stop: () => void entries.delete(entry) };
}

function needUse(client: MemoryClient, verb: keyof Allowed, subject: string): void {
  if (!client.link.isUp()) throw linkDown();
  if (!isAllowed(client, verb, subject)) throw denied(verb, subject);
}

function isAllowed(client: MemoryClient, verb: keyof Allowed, subject: string): boolean {
  if (!client.allow) return true;
  return client.allow[verb].some((pattern) => matchesSubject(pattern, subject));
}

function reportDenied(client: MemoryClient, verb: keyof Allowed, subject: string): void {
  queueMicrotask(() => client.report(denied(verb, subject)));
}

function denied(verb: keyof Allowed, subject: string): TownError {
  return new TownError("denied", `the bus does not allow to ${verb}: ${subject}`);
}

function linkDown(): TownError {
  return new TownError("unavailable", "the bus is away");
}
