import { TownError } from "#services/rpc/town-error.ts";
import type { Bead } from "./bead.ts";
import type { Disk } from "./disk.ts";
import { randomBase36 } from "./ids.ts";
import { type Alarm, type Change, type Ledger, openLedger } from "./ledger.ts";
import { restamp } from "./restamp.ts";
import { decay, type WispAges } from "./wisp-decay.ts";
import { type Folders, journalDir, settleFolders, writeGeneration } from "./wisp-folders.ts";
import type { World } from "./world.ts";

/**
 * The vapour of a machine: beads that nobody else reads, and of which nothing stays.
 *
 * It takes what a ledger takes, and survives restarts as a ledger does. It has no history of what
 * was collected, no sync, and no part in the ledger but by reservations.
 */
export type WispStore = Pick<
  Ledger,
  "append" | "history" | "onChange" | "onAlarm" | "alarms" | "close"
> & {
  /** The beads as they are now. Ask anew after a wait: a collection puts another in its place. */
  readonly world: World;
  /**
   * Delete the events of wisps that are over, or abandoned, and old enough: no byte of them stays.
   *
   * What is appended meanwhile waits, and is shown after it. Fails with `state` where a part of the
   * store cannot be read, since what is not seen would go with the rest.
   *
   * @param isAbandoned whether who an open wisp belongs to is gone; nobody's is, if absent
   * @returns the roots of the wisps that went
   */
  readonly collect: (
    nowMs: number,
    ages: WispAges,
    isAbandoned?: (root: Bead) => boolean,
  ) => Promise<readonly Bead[]>;
};

/** What a vapour store is opened with. */
export type WispStoreOptions = {
  /** Its folder, which holds nothing else. */
  readonly dir: string;
  readonly machine: string;
  readonly disk: Disk;
  readonly nowMs: () => number;
  readonly random?: (length: number) => string;
};

/** Open a machine's vapour store; a collection that a crash cut short is finished or undone. */
export async function openWisps(options: WispStoreOptions): Promise<WispStore> {
  const generation = await settleFolders(options);
  return new Wisps(options, generation, await openGeneration(options, generation));
}

function openGeneration(options: WispStoreOptions, generation: number): Promise<Ledger> {
  return openLedger({ ...options, dir: journalDir(options, generation) });
}

class Wisps implements WispStore {
  readonly #options: WispStoreOptions;
  readonly #folders: Folders;
  #generation: number;
  #ledger: Ledger;
  /** Whether another generation may count than the one that is open. */
  #isStale = false;
  /** What everyone else waits for; never fails. */
  #busy: Promise<void> | undefined;
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #alarmListeners = new Set<(alarm: Alarm) => void>();
  #position = 0;

  constructor(options: WispStoreOptions, generation: number, ledger: Ledger) {
    this.#options = options;
    this.#folders = { dir: options.dir, disk: options.disk };
    this.#generation = generation;
    this.#ledger = ledger;
    this.#hear(ledger);
  }

  get world(): World {
    return this.#ledger.world;
  }

  readonly append: Ledger["append"] = async (actor, drafts) => {
    while (this.#busy !== undefined || this.#isStale) {
      await (this.#busy ?? this.#alone(() => this.#renew()));
    }
    return this.#ledger.append(actor, drafts);
  };

  readonly history: Ledger["history"] = (uid) => this.#ledger.history(uid);

  readonly onChange: Ledger["onChange"] = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly onAlarm: Ledger["onAlarm"] = (listener) => {
    this.#alarmListeners.add(listener);
    return () => this.#alarmListeners.delete(listener);
  };

  readonly alarms: Ledger["alarms"] = () => this.#ledger.alarms();

  readonly collect: WispStore["collect"] = async (nowMs, ages, isAbandoned = () => false) => {
    while (this.#busy !== undefined) await this.#busy;
    return this.#alone(async () => {
      if (this.#isStale) await this.#renew();
      await this.#ledger.settled();
      this.#checkWhole();
      const { world } = this.#ledger;
      const { roots, gone } = decay(world, nowMs, ages, isAbandoned);
      if (gone.size === 0) return [];
      const kept = [...world.everywhere()].filter(({ uid }) => !gone.has(uid));
      await this.#replace(kept.flatMap(({ uid }) => this.#ledger.history(uid)));
      return roots;
    });
  };

  readonly close = async (): Promise<void> => {
    while (this.#busy !== undefined) await this.#busy;
    await this.#ledger.close();
  };

  async #replace(events: ReturnType<Ledger["history"]>): Promise<void> {
    const { machine, random = randomBase36 } = this.#options;
    const incarnation = `${machine}.${random(8)}`;
    const written = restamp(events, incarnation);
    const commit = () => {
      this.#isStale = true;
    };
    await writeGeneration(this.#folders, this.#generation + 1, incarnation, written, commit);
    await this.#renew();
  }

  /** Open the generation that counts by now, in place of the one that is open. */
  async #renew(): Promise<void> {
    await this.#ledger.close();
    this.#generation = await settleFolders(this.#folders);
    const ledger = await openGeneration(this.#options, this.#generation);
    this.#ledger = ledger;
    this.#isStale = false;
    this.#hear(ledger);
    for (const alarm of ledger.alarms())
      for (const listener of this.#alarmListeners) listener(alarm);
  }

  #hear(ledger: Ledger): void {
    ledger.onChange(({ event }) => {
      this.#position += 1;
      const position = this.#position;
      const change = {
        position,
        event,
        get bead() {
          return ledger.world.bead(event.bead);
        },
      };
      for (const listener of this.#listeners) listener(change);
    });
    ledger.onAlarm((alarm) => {
      for (const listener of this.#alarmListeners) listener(alarm);
    });
  }

  #checkWhole(): void {
    const unread = this.#ledger.alarms().find(({ kind }) => kind === "bad-line" || kind === "gap");
    if (!unread) return;
    throw new TownError(
      "state",
      `wisps are not collected while some cannot be read: ${unread.detail}`,
    );
  }

  /** Do one thing while everyone else waits. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = work();
    const over = () => {
      this.#busy = undefined;
    };
    this.#busy = done.then(over, over);
    return done;
  }
}
