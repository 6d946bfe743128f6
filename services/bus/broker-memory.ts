import type { Responder, SignalHandler } from "./bus.ts";
import type { Link, Listeners } from "./link.ts";
import {
  createMemoryStore,
  type MemoryStore,
  type StoreLimits,
  storeLimits,
} from "./store-memory.ts";

/** The server's part of an in-process bus: what several clients of one process share. */
export type MemoryBroker = {
  /** Take the link from the clients of this name, present and future; from all without one. */
  readonly cut: (name?: string) => void;
  /** Give the link back to the clients of this name; to all without one. */
  readonly heal: (name?: string) => void;
  /** Lose everything stored, as when the server's disk is replaced; every link blinks. */
  readonly wipe: () => void;
  /** Lose what was stored after `seq`, as with the server's power; every link blinks. */
  readonly rollBack: (seq: number) => void;
  readonly isCut: (name: string) => boolean;
  readonly store: MemoryStore;
  /** Have every client see that there is something new. */
  readonly tellStored: () => void;
  readonly clients: Set<MemoryClient>;
};

/** Subjects (NATS wildcards) that a client may use. */
export type Allowed = {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
};

/** What the broker knows of one client. */
export type MemoryClient = {
  readonly name: string;
  readonly allow: Allowed | undefined;
  readonly link: Link;
  /** Told when something was stored. */
  readonly stored: Listeners<void>;
  readonly listeners: Set<{ readonly pattern: string; readonly handle: SignalHandler }>;
  readonly responders: Set<{ readonly pattern: string; readonly answer: Responder }>;
  readonly report: (error: unknown) => void;
};

export type BrokerOptions = Partial<StoreLimits> & {
  readonly nowMs?: () => number;
  /** A name for each life of the store. */
  readonly newStoreId?: () => string;
  /** When the client of this name sees what is new in the store; at once by default. */
  readonly transit?: (client: string, see: () => void) => void;
};

/** A broker with nothing stored and no clients. */
export function createMemoryBroker(options: BrokerOptions = {}): MemoryBroker {
  const { nowMs = Date.now, newStoreId, transit = atOnce, ...limits } = options;
  const store = createMemoryStore({ ...storeLimits, ...limits }, nowMs, newStoreId);
  const clients = new Set<MemoryClient>();
  const cutNames = new Set<string>();
  let isAway = false;
  const isCut = (name: string) => isAway || cutNames.has(name);
  const tellAll = () => {
    for (const { name, link } of [...clients]) link.set(!isCut(name));
  };
  const blink = (meanwhile: () => void) => {
    const wasAway = isAway;
    isAway = true;
    tellAll();
    meanwhile();
    isAway = wasAway;
    tellAll();
  };
  return {
    store,
    clients,
    isCut,
    tellStored: () => {
      for (const { name, stored } of [...clients]) transit(name, stored.tell);
    },
    cut: (name) => {
      if (name === undefined) isAway = true;
      else cutNames.add(name);
      tellAll();
    },
    heal: (name) => {
      if (name === undefined) isAway = false;
      else cutNames.delete(name);
      tellAll();
    },
    wipe: () => blink(store.wipe),
    rollBack: (seq) => blink(() => store.rollBack(seq)),
  };
}

function atOnce(_client: string, see: () => void): void {
  see();
}
