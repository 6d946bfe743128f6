import { randomUUID } from "node:crypto";
import type { StoredMessage } from "./consumer.ts";
import type { StoreState } from "./position.ts";
import { matchesSubject } from "./subjects.ts";

/** How much the store keeps; the oldest goes first. */
export type StoreLimits = {
  readonly messagesMax: number;
  readonly bytesMax: number;
  readonly ageMaxMs: number;
  /** How long a dedupe id is remembered. */
  readonly dedupeWindowMs: number;
};

/** What the NATS stream of a town keeps too. */
export const storeLimits: StoreLimits = {
  messagesMax: 1_000_000,
  bytesMax: 512 * 1024 * 1024,
  ageMaxMs: 24 * 3_600_000,
  dedupeWindowMs: 120_000,
};

export type MemoryStore = {
  /** False where the id was stored within the window. */
  readonly append: (subject: string, payload: Uint8Array, dedupeId: string) => boolean;
  /** The first message after `seq` that matches, with the number to look after next time. */
  readonly after: (seq: number, pattern: string) => StoredMessage | undefined;
  /** The store as a consumer sees it whose last message was `seq`. */
  readonly state: (seq: number) => StoreState;
  /** Forget every message after `seq`: a server that lost its tail with the power. */
  readonly rollBack: (seq: number) => void;
  readonly wipe: () => void;
};

/** A stream in memory: numbered from 1, bounded, deduplicating. */
export function createMemoryStore(
  limits: StoreLimits,
  nowMs: () => number,
  newStoreId: () => string = randomUUID,
): MemoryStore {
  const messages = new Map<number, StoredMessage>();
  const seenAtMs = new Map<string, number>();
  let storeId = newStoreId();
  let firstSeq = 1;
  let lastSeq = 0;
  let bytes = 0;

  const dropFirst = () => {
    bytes -= messages.get(firstSeq)?.payload.length ?? 0;
    messages.delete(firstSeq);
    firstSeq += 1;
  };
  const isOver = (now: number) =>
    messages.size > limits.messagesMax ||
    bytes > limits.bytesMax ||
    (messages.get(firstSeq)?.storedAtMs ?? now) < now - limits.ageMaxMs;
  const forget = (now: number) => {
    for (const [id, atMs] of seenAtMs) {
      if (atMs > now - limits.dedupeWindowMs) return;
      seenAtMs.delete(id);
    }
  };
  return {
    append: (subject, payload, dedupeId) => {
      const now = nowMs();
      forget(now);
      if (seenAtMs.has(dedupeId)) return false;
      seenAtMs.set(dedupeId, now);
      lastSeq += 1;
      bytes += payload.length;
      messages.set(lastSeq, {
        seq: lastSeq,
        storedAtMs: now,
        subject,
        payload: payload.slice(),
      });
      while (isOver(now)) dropFirst();
      return true;
    },
    after: (seq, pattern) => {
      for (let next = Math.max(seq + 1, firstSeq); next <= lastSeq; next++) {
        const message = messages.get(next);
        if (message && matchesSubject(pattern, message.subject)) return message;
      }
      return undefined;
    },
    state: (seq) => ({ storeId, lastSeq, storedAtMs: messages.get(seq)?.storedAtMs }),
    rollBack: (seq) => {
      for (; lastSeq > seq && lastSeq >= firstSeq; lastSeq -= 1) {
        bytes -= messages.get(lastSeq)?.payload.length ?? 0;
        messages.delete(lastSeq);
      }
      seenAtMs.clear();
    },
    wipe: () => {
      messages.clear();
      seenAtMs.clear();
      storeId = newStoreId();
      firstSeq = 1;
      lastSeq = 0;
      bytes = 0;
    },
  };
}
