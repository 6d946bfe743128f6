/** What is to be started: one program in its folder, with exactly this environment. */
export type Launch = {
  /** The program and its arguments; no shell reads them. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment. Its `GT_SESSION` marks every process, see {@link Session}. */
  readonly env: Readonly<Record<string, string>>;
  /** What it prints is appended here. */
  readonly outputPath: string;
};

/** A started session, as it is written down so that a later process of ours knows it again. */
export type Session = {
  readonly pid: number;
  /** When the process started, as the system tells it: a reused pid has another one. */
  readonly startTime: string;
  /** The value of `GT_SESSION` that its processes carry, wherever they went. */
  readonly marker: string;
};

/** How a session's program ended; both undefined where nobody of ours was its parent. */
export type SessionExit = {
  readonly code: number | undefined;
  readonly signal: string | undefined;
};

/** A way of running workers: `process` (headless) is one, others have the same port. */
export type Runtime = {
  /** @throws TownError `invalid` where the program cannot be started, with the reason */
  readonly start: (launch: Launch) => Promise<Session>;
  /** The session that was started under a marker and not written down, if it lives. */
  readonly find: (marker: string) => Promise<Session | undefined>;
  readonly isAlive: (session: Session) => Promise<boolean>;
  /** Resolves when its program has ended; at once where it has already. */
  readonly exited: (session: Session, signal: AbortSignal) => Promise<SessionExit>;
  /**
   * End every process of the session, those that left its group too: ask, then kill.
   *
   * @throws TownError `unavailable` where something outlives even that
   */
  readonly end: (session: Session) => Promise<void>;
};
