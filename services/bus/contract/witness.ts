import type { Bus, BusMessage } from "../bus.ts";

/** Where the tests publish. */
export const ledger = "gt.t.ledger.vm-a";
/** Another writer's. */
export const other = "gt.t.ledger.vm-b";
/** Both, and deeper ones. */
export const all = "gt.t.ledger.>";
/** A payload of a text. */
export const bytes = (text: string) => new TextEncoder().encode(text);
/** The text of a payload. */
export const text = (payload: Uint8Array) => new TextDecoder().decode(payload);

/** Remembers what it was given, and lets a test wait for it. */
export function createWitness<T>() {
  const seen: T[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  return {
    seen,
    see: (item: T) => {
      seen.push(item);
      for (const { count, resolve } of waiting) if (seen.length >= count) resolve();
      waiting = waiting.filter(({ count }) => count > seen.length);
    },
    atLeast: async (count: number) => {
      if (seen.length >= count) return seen;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ count, resolve });
      await promise;
      return seen;
    },
  };
}

/** Wait for the link to be up, or down. */
export async function linkIs(bus: Bus, up: boolean): Promise<void> {
  if (bus.isUp() === up) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const watch = bus.onLink((now) => now === up && resolve());
  await promise;
  watch.stop();
}

/** Store `texts` in order, each under its own id. */
export async function publishAll(
  bus: Bus,
  subject: string,
  texts: readonly string[],
): Promise<void> {
  await Promise.all(texts.map((item) => bus.publish(subject, bytes(item), `${subject}:${item}`)));
}

/** Consume into a witness of the payloads' texts. */
export async function consumeTexts(bus: Bus, pattern: string, from: "all" | "new" = "all") {
  const witness = createWitness<string>();
  const handle = ({ payload }: BusMessage) => witness.see(text(payload));
  const subscription = await bus.consume(pattern, handle, { from });
  return { ...witness, stop: subscription.stop };
}

/** `from` to `to`, as texts. */
export const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
