import { setImmediate as nextTurn } from "node:timers/promises";
import type { Bus, BusMessage } from "#services/bus/bus.ts";
import { ledgerSubjects } from "#services/bus/subjects.ts";
import { inTurn } from "#services/git/in-turn.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { Wake } from "#services/lifecycle/wake.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Head } from "./chain.ts";
import { writerMachine } from "./event.ts";
import type { FetchedLines } from "./event-blobs.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerGit } from "./ledger-git.ts";
import type { Rewound } from "./noted-tips.ts";
import { alteredAlarm, type Outgoing } from "./outgoing.ts";
import { publishOwn } from "./publish-own.ts";
import { type ReadMarks, readMarks } from "./read-marks.ts";

/** How often the ledger is synced. */
export type SyncPace = {
  /** The shortest time between two pushes, ms. */
  readonly pushMs: number;
  /** Between two looks at the remote while the bus is up, ms. */
  readonly fetchMs: number;
  /** The same while the bus is down and git is the only way, ms. */
  readonly alonePollMs: number;
  /** How long a gap may stand before git is asked, ms: the missing event may be on its way. */
  readonly gapMs: number;
};

/** Once a minute suffices while the bus brings everything; every 2 s where git is alone. */
export const defaultPace: SyncPace = {
  pushMs: 900,
  fetchMs: 60_000,
  alonePollMs: 2_000,
  gapMs: 500,
};

/** How long a start waits for a remote that does not answer. */
const catchUpMs = 5_000;

export type SyncOptions = {
  readonly town: string;
  readonly ledger: Ledger;
  readonly git: LedgerGit;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: (error: unknown, actor: string) => void;
  readonly pace?: SyncPace;
  /** Told when the remote, having been away, answers again. */
  readonly onRemoteBack?: () => void;
  /** What the town puts beside its events: the view, and everyone's branches. */
  readonly more?: Outgoing["more"];
  /** What is done with each look at the remote, once its events are folded. */
  readonly onFetched?: (signal: AbortSignal) => Promise<void>;
};

/** The running sync of one process. */
export type LedgerSync = {
  /** A peer says that it has come this far; what is missing here is fetched. */
  readonly heard: (incarnation: string, head: Head) => void;
  /** Look at the remote soon. */
  readonly fetchSoon: () => void;
  readonly pushSoon: () => void;
  /**
   * Resolves when all that the remote had at the start is here, or after a few seconds in which it
   * did not answer. Whoever decides earlier decides on a past that others know better.
   */
  readonly caughtUp: Promise<void>;
  /** Whether the remote answered the last time it was asked. */
  readonly remoteUp: () => boolean;
  /** Resolves when both loops have ended. */
  readonly ended: Promise<unknown>;
  /** Look at the remote once, now; what it had is folded when this resolves. */
  readonly fetch: () => Promise<void>;
  /** Push what is durable here, once: for a process that stops. */
  readonly flush: (signal: AbortSignal) => Promise<void>;
};

/**
 * Keep one ledger in step with everyone's: fast over the bus, surely over git.
 *
 * Both ways bring the same events, and folding one twice changes nothing.
 */
export async function runSync(options: SyncOptions): Promise<LedgerSync> {
  const { ledger, bus, clock, signal, pace = defaultPace } = options;
  const remote = new Remote(options);
  const push = remote.runPush(pace);
  const fetch = remote.runFetch(pace);
  const fetchSoon = () => {
    remote.fetchWanted = true;
    fetch.ring();
  };
  const stops = [
    bus.onLink(fetchSoon).stop,
    publishOwn(options),
    ledger.onChange(({ event }) => {
      if (event.writer === ledger.writer) push.ring();
    }),
  ];
  const hasGap = () => ledger.gaps().length > 0;
  const marks = readMarks(ledger);
  const receive = ({ payload, subject, position }: BusMessage) => {
    ledger.receive(new TextDecoder().decode(payload).split("\n"), subject);
    marks.hear(position);
    if (hasGap()) clock.after(pace.gapMs, () => hasGap() && fetchSoon());
  };
  const incoming = bus.consume(ledgerSubjects(options.town), receive, {
    from: "all",
    after: marks.heard(),
  });
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
    incoming.then(({ stop }) => stop()).catch(() => {}); // Reported below already.
  });
  incoming.catch((error) => options.report(error, "ledger-receive"));
  return {
    heard: (incarnation, head) => {
      const isBehind = () => (ledger.heads().get(incarnation)?.seq ?? 0) < head.seq;
      if (isBehind()) clock.after(pace.gapMs, () => isBehind() && fetchSoon());
    },
    fetchSoon,
    pushSoon: push.ring,
    caughtUp: remote.caughtUp(),
    remoteUp: () => remote.up,
    ended: Promise.all([push.ended, fetch.ended]),
    fetch: () => remote.look(),
    flush: async (until) => {
      await remote.push(until);
    },
  };
}

/** The git side of one process: what it has to push, what it wants to fetch. */
class Remote {
  up = true;
  #isToldAway = false;
  fetchWanted = true;
  readonly #options: SyncOptions;
  readonly #outgoing: Outgoing;
  readonly #marks: ReadMarks;
  #ringPush: (() => void) | undefined;
  readonly #asked = Promise.withResolvers<void>();
  #fetchedMs = Number.NEGATIVE_INFINITY;
  /** A gap has outlived a look at what is new: what closes it may be in what is old. */
  #isGapOld = false;
  /** What a look brought and a failure kept from being folded: no later look brings it again. */
  readonly #unread: FetchedLines[] = [];
  #isFolding = false;
  #wholeMs = Number.NEGATIVE_INFINITY;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#marks = readMarks(options.ledger);
    this.#outgoing = {
      segments: options.ledger.segments,
      bytes: options.ledger.segmentBytes,
      altered: (segment) => options.ledger.alarm(alteredAlarm(segment)),
      message: `Events of ${writerMachine(options.ledger.writer)}`,
      ...(options.more && { more: options.more }),
    };
  }

  /** Push after each change, at a pace. */
  runPush(pace: SyncPace): Actor {
    const { clock, signal } = this.#options;
    const pause = new Wake();
    const actor = runActor({
      name: "ledger-push",
      clock,
      signal,
      report: this.#report,
      everyMs: pace.fetchMs,
      round: async () => {
        await this.#ask(() => this.push(signal));
        await pause.wait(clock, pace.pushMs, signal);
      },
    });
    this.#ringPush = actor.ring;
    return actor;
  }

  /** Fetch when somebody wants it, and now and then unasked. */
  runFetch(pace: SyncPace): Actor {
    const { bus, clock, signal } = this.#options;
    return runActor({
      name: "ledger-fetch",
      clock,
      signal,
      report: this.#report,
      everyMs: pace.alonePollMs,
      round: async () => {
        const restMs = bus.isUp() ? pace.fetchMs : pace.alonePollMs;
        if (!this.fetchWanted && clock.nowMs() - this.#fetchedMs < restMs) return;
        await this.#ask(() => this.#fetch()).finally(this.#asked.resolve);
      },
    });
  }

  async caughtUp(): Promise<void> {
    const { clock, signal } = this.#options;
    const { promise, resolve } = this.#asked;
    signal.addEventListener("abort", () => resolve(), { once: true });
    // One that answers is waited for, however much it brought.
    const cancel = clock.after(catchUpMs, () => this.#isFolding || resolve());
    await promise;
    cancel();
  }

  /** Resolves to false where there was nothing to push, so that the remote was not asked. */
  push(signal: AbortSignal): Promise<boolean> {
    return this.#options.git.push(this.#outgoing, signal);
  }

  look(): Promise<void> {
    return this.#ask(() => this.#fetch());
  }

  async #fetch(): Promise<true> {
    const { git, ledger, clock, signal, pace = defaultPace } = this.#options;
    this.fetchWanted = false;
    try {
      const whole = this.#isGapOld && clock.nowMs() - this.#wholeMs >= pace.fetchMs;
      if (whole) this.#wholeMs = clock.nowMs();
      const rewound = await inTurn(`${git.dir} fold`, () => this.#fold(whole));
      if (rewound.length > 0) this.#tellRewound(rewound);
      this.#isGapOld = ledger.gaps().length > 0;
      await this.#options.onFetched?.(signal);
      this.#fetchedMs = clock.nowMs();
      return true;
    } catch (error) {
      this.fetchWanted = true;
      throw error;
    }
  }

  /** Others have their turn after each segment: the first look may bring all that ever was. */
  async #fold(whole: boolean): Promise<readonly Rewound[]> {
    const { git, ledger, signal } = this.#options;
    const { lines, rewound } = await git.fetch(signal, { whole });
    const seen = new Map(git.seen());
    this.#unread.push(...lines);
    this.#isFolding = true;
    try {
      for (let next = this.#unread[0]; next; next = this.#unread[0]) {
        ledger.receive(next.lines, next.source);
        this.#unread.shift();
        await nextTurn(undefined, { signal });
      }
    } finally {
      this.#isFolding = false;
    }
    this.#marks.saw(seen);
    return rewound;
  }

  /** Said loudly; each writer then pushes again what the remote lacks of its own. */
  #tellRewound(rewound: readonly Rewound[]): void {
    for (const { branch, from, to } of rewound) {
      const what = to === undefined ? "is gone" : `went to ${to.slice(0, 12)}`;
      const detail = `${branch} was at ${from.slice(0, 12)} and ${what}, which does not contain it`;
      this.#options.ledger.alarm({ kind: "rewound-remote", detail });
    }
    this.#ringPush?.();
  }

  async #ask(work: () => Promise<boolean>): Promise<void> {
    try {
      if (!(await work()) || this.up) return;
      this.up = true;
      this.#isToldAway = false;
      this.#options.onRemoteBack?.();
    } catch (error) {
      if (isAway(error)) this.up = false;
      throw error;
    }
  }

  /** That the remote is away is told once: each further try would only say it again. */
  readonly #report = (error: unknown, actor: string): void => {
    if (isAway(error) && this.#isToldAway) return;
    this.#isToldAway ||= isAway(error);
    this.#options.report(error, actor);
  };
}

function isAway(error: unknown): boolean {
  return isTownError(error, "unavailable", "not_found");
}
