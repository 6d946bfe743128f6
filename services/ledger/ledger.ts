import type { Bead } from "./bead.ts";
import type { Head } from "./chain.ts";
import type { Disk } from "./disk.ts";
import type { Draft, LedgerEvent } from "./event.ts";
import type { Log } from "./event-log.ts";
import { randomBase36 } from "./ids.ts";
import { openJournal, openStored } from "./open-stored.ts";
import type { Segment } from "./recover.ts";
import { Replica } from "./replica.ts";
import type { World } from "./world.ts";

/** One event that has been folded here, durable if it is our own. */
export type Change = {
  /** 1, 2, 3 … in the order in which this process told of it; for watches. */
  readonly position: number;
  readonly event: LedgerEvent;
  /** The bead after it; undefined while its creation has not arrived. */
  readonly bead: Bead | undefined;
};

/** A line that could not be folded, or what should not be: somebody may have to look. */
export type Alarm = {
  readonly kind:
    | ("bad-line" | "fork" | "broken-chain" | "torn-tail" | "future-clock" | "gap")
    | ("rewound-remote" | "bad-edit" | "fenced")
    // What is not as it was pushed; what was lost and came back from git; git's own end here.
    | ("altered" | "restored" | "damaged-clone")
    // What it held is made anew from the events.
    | "checkpoint"
    // It can be read no more: the process must end, and the next one makes it anew.
    | "damaged-checkpoint"
    // Nothing can be made durable any more: the process must end.
    | "disk-failed";
  readonly detail: string;
};

/** What a reader and writer of the ledger can do. */
export type Ledger = {
  /** This process's incarnation, `<machine>.<random>`. */
  readonly writer: string;
  readonly world: World;
  /**
   * Write events as one actor; resolves when all are durable. The world shows them at once, so two
   * decisions in a row see each other; listeners and peers hear of them once they are durable.
   *
   * Fails with `exhausted` where the disk is full. What the world showed by then becomes durable
   * once there is room, or goes with the process; later appends are refused without effect.
   */
  readonly append: (actor: string, drafts: readonly Draft[]) => Promise<readonly LedgerEvent[]>;
  /** Resolves when all that the world shows of our own is durable; fails as `append` would. */
  readonly settled: () => Promise<void>;
  /** Fold lines that came from elsewhere; `source` is for messages. Known ones change nothing. */
  readonly receive: (lines: readonly string[], source: string) => void;
  /** Every event of a bead that was folded here, by uid, the earliest first. */
  readonly history: (uid: string) => readonly LedgerEvent[];
  /** Every event that was folded here by now, the earliest first. */
  readonly log: () => Log;
  readonly onChange: (listener: (change: Change) => void) => () => void;
  readonly onAlarm: (listener: (alarm: Alarm) => void) => () => void;
  /** The newest gapless event of each incarnation. */
  readonly heads: () => ReadonlyMap<string, Head>;
  /** Incarnations of which later events are here and earlier ones are not. */
  readonly gaps: () => readonly string[];
  /** Our own segments with their durable lengths, and their durable bytes. */
  readonly segments: () => readonly Segment[];
  readonly segmentBytes: (segment: Segment) => Promise<Uint8Array>;
  readonly alarms: () => readonly Alarm[];
  /** Raise one, for who reads or writes the ledger's repository. */
  readonly alarm: (alarm: Alarm) => void;
  /**
   * Make what is folded by now the start of the next process, and let go of what need not be in
   * memory. Does nothing without a store. Fails where it cannot be written: then all of it stays in
   * memory, and the next one takes it up.
   */
  readonly checkpoint: () => Promise<void>;
  /**
   * Keep a text beside the events, with the next checkpoint. What it says must be true of the
   * events that are folded by now.
   */
  readonly note: (name: string, value: string) => void;
  /** What was noted last, also by an earlier process; undefined where all has to be read anew. */
  readonly noted: (name: string) => string | undefined;
  readonly close: () => Promise<void>;
};

/** What a ledger is opened with. */
export type LedgerOptions = {
  /** The journal's folder: a sub-folder per incarnation. */
  readonly dir: string;
  /** The machine's name, or `town`. */
  readonly machine: string;
  readonly disk: Disk;
  readonly nowMs: () => number;
  /** The file of the checkpoint; without one all is read and kept in memory. */
  readonly store?: string | undefined;
  readonly random?: (length: number) => string;
  /** Reads a line; replicas of one process may share what they read, since events never change. */
  readonly decode?: (line: string) => LedgerEvent;
};

/** Open a ledger on a folder: read what earlier incarnations wrote, begin a new one. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { dir, machine, disk, random = randomBase36, nowMs } = options;
  const incarnation = `${machine}.${random(8)}`;
  const onFailure = (error: unknown) => {
    const detail = error instanceof Error ? error.message : String(error);
    replica.alarm({ kind: "disk-failed", detail });
  };
  const opening = { dir, incarnation, disk, onFailure };
  const opened = await openStored(options, async (store) => {
    const { journal, recovery, restored } = await openJournal(opening, store);
    const { decode } = options;
    const parts = { journal, store, nowMs, ...(decode && { decode }) };
    const replica = new Replica(incarnation, parts);
    for (const detail of restored) replica.alarm({ kind: "checkpoint", detail });
    replica.recover(recovery);
    return { journal, replica, store };
  });
  const { journal, replica, store } = opened;
  store?.onDamage(({ message: detail }) => replica.alarm({ kind: "damaged-checkpoint", detail }));
  return {
    writer: incarnation,
    world: replica.beads,
    append: (actor, drafts) => replica.append(actor, drafts),
    settled: () => journal.settled(),
    receive: (lines, source) => replica.receive(lines, source),
    history: (uid) => replica.events.of(uid),
    log: () => replica.events.all(),
    onChange: (listener) => listen(replica.changes, listener),
    onAlarm: (listener) => listen(replica.alarmListeners, listener),
    heads: () => replica.heads(),
    gaps: () => replica.gaps(),
    segments: () => journal.segments(),
    segmentBytes: (segment) => journal.content(segment),
    alarms: () => replica.alarms,
    alarm: (alarm) => replica.alarm(alarm),
    checkpoint: async () => {
      await replica.checkpoint();
      store?.checkPlace();
    },
    note: (name, value) => replica.checkpoints?.note(name, value),
    noted: (name) => replica.checkpoints?.noted(name),
    close: async () => {
      // What is not in it the next start folds again.
      await replica.checkpoint().catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        replica.alarm({ kind: "checkpoint", detail: `none was made at the end: ${why}` });
      });
      await journal.close();
      store?.close();
    },
  };
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
