import type { Position } from "./position.ts";

/**
 * What every process needs of the bus. Signals may be lost; stored messages are delivered at least
 * once while the store lives. The bus is never the truth: losing all of it loses nothing.
 */
export type Bus = {
  readonly kind: "nats" | "memory";
  /** The server's version, or `memory`. */
  readonly version: string;
  /** Store a message; resolves when the store has acknowledged. Same `dedupeId`, stored once. */
  readonly publish: (subject: string, payload: Uint8Array, dedupeId: string) => Promise<void>;
  /**
   * Handle stored messages of `subject` (NATS wildcards) in order, the retained ones first when
   * `from` is `all`. A handler that throws sees the message again. Goes on after a reconnect with
   * the first message it has not handled; with `after`, with the first after a message that some
   * process has handled before. A position of a store that is gone is as none.
   */
  readonly consume: (
    subject: string,
    handle: MessageHandler,
    options: { readonly from: "all" | "new"; readonly after?: Position | undefined },
  ) => Promise<Subscription>;
  /** Send at most once, to whoever listens now. Never blocks; silently nothing when down. */
  readonly signal: (subject: string, payload: Uint8Array) => void;
  readonly listen: (subject: string, handle: SignalHandler) => Subscription;
  /** Ask one responder. Throws `unavailable` without one (or with the bus down), `timeout` late. */
  readonly request: (
    subject: string,
    payload: Uint8Array,
    timeoutMs: number,
  ) => Promise<Uint8Array>;
  /** Answer requests. A `TownError` thrown by `answer` reaches the caller with its reason. */
  readonly respond: (subject: string, answer: Responder) => Subscription;
  readonly isUp: () => boolean;
  /** Called with each change of the link: up or down. */
  readonly onLink: (listener: (up: boolean) => void) => Subscription;
  /** Permission violations and other errors that no call of ours could return. */
  readonly onError: (listener: (error: Error) => void) => Subscription;
  readonly close: () => Promise<void>;
};

export type BusMessage = {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** 1 on the first delivery. */
  readonly deliveryCount: number;
  /** Where this message stands, for who goes on after it later. */
  readonly position: Position;
};

export type MessageHandler = (message: BusMessage) => Promise<void> | void;
export type SignalHandler = (payload: Uint8Array, subject: string) => void;
export type Responder = (payload: Uint8Array, subject: string) => Promise<Uint8Array>;
export type Subscription = { readonly stop: () => void };
