import type { TownError } from "./town-error.ts";

/** A call that is being answered. A streaming one may never end by itself. */
export type LiveCall = {
  readonly streaming: boolean;
  readonly abort: (reason: TownError) => void;
};

/** The calls that a server is answering now. */
export type LiveCalls = {
  /** Note a call; the returned function forgets it. One that comes after a stop ends at once. */
  enter: (call: LiveCall) => () => void;
  /** End the streams, or with `everything` all calls, and those that still come. */
  stop: (reason: TownError, everything: boolean) => void;
};

/** An empty set of calls. */
export function liveCalls(): LiveCalls {
  const calls = new Set<LiveCall>();
  let stopped: TownError | undefined;
  return {
    enter: (call) => {
      if (stopped) call.abort(stopped);
      calls.add(call);
      return () => calls.delete(call);
    },
    stop: (reason, everything) => {
      stopped = reason;
      for (const call of calls) if (everything || call.streaming) call.abort(reason);
    },
  };
}
