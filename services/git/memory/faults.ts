import type { RefUpdate } from "../git.ts";

/** One thing that somebody asks of a remote. */
export type RemoteOp = {
  readonly kind: "fetch" | "push";
  readonly remote: string;
  /** What a push wants; nothing for a fetch. */
  readonly updates: readonly RefUpdate[];
  readonly signal: AbortSignal | undefined;
  /** How long the one who asks waits; a hook that takes longer says `away` or `late`. */
  readonly timeoutMs: number;
};

/** What goes wrong before a remote did what was asked. */
export type Fault =
  /** It cannot be reached, and nothing was done. */
  | { readonly do: "away" }
  /** It says no in these words, and nothing was done. */
  | { readonly do: "refuse"; readonly why: string }
  /** It dies in mid-push: only some of the refs are moved, atomic or not, and no answer comes. */
  | { readonly do: "tear"; readonly isKept: (ref: string) => boolean }
  /** The one who pushes gives up now; the push arrives later all the same. */
  | { readonly do: "late"; readonly arrives: Promise<void> };

/**
 * Where a run interferes with a remote. Each may wait as long as it likes: that is a slow network.
 * `after` is asked when it is done, and `lost` keeps the answer from whoever asked.
 */
export type RemoteHooks = {
  readonly before?: (op: RemoteOp, who: string) => Promise<Fault | undefined>;
  readonly after?: (op: RemoteOp, who: string) => Promise<"lost" | undefined>;
};

/** What git says of these; `gitFailure` makes the same of it as of the real one's words. */
export const faultWords = {
  away: "fatal: unable to connect to the remote: Connection refused",
  notAtomic: "fatal: the receiving end does not support --atomic push",
  lost: "fatal: the remote end hung up unexpectedly",
} as const;
