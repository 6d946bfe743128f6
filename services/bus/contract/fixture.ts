import type { Bus } from "../bus.ts";

/** A broker with clients, whose parts can be taken away. */
export type BusFixture = {
  /** `restricted` may use `restrictedSubjects` only. */
  readonly connect: (name: string, restricted?: "restricted") => Promise<Bus>;
  /** Take one client's link, and give it back. */
  readonly cut: (name: string) => void;
  readonly heal: (name: string) => void;
  /** The broker dies without warning, and comes back with what it had stored. */
  readonly crash: () => Promise<void>;
  readonly restart: () => Promise<void>;
  /** The broker loses its store and goes on. */
  readonly wipe: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** The town of every fixture. */
export const contractTown = "t";

/** What the restricted client of every fixture may use. */
export const restrictedSubjects = {
  publish: ["gt.t.ledger.vm-a"],
  subscribe: ["gt.t.wake"],
};
