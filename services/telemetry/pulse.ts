import type { Beat } from "./beat.ts";
import type { BeatBody } from "./heartbeat.ts";

/** What the working thread answers when it is asked what to say. */
export type PulseAnswer = {
  readonly body: BeatBody;
  /** How its loop lagged since the last answer, by its own measure. */
  readonly loopLagMs: number;
};

/** What a heart in a thread of its own knows of the thread that works. */
export type Pulse = {
  /** The working thread is asked for what to say; one question at a time is open. */
  readonly ask: (nowMs: number) => "ask" | "asked already";
  readonly hear: (answer: PulseAnswer, nowMs: number) => void;
  /** What to send now; undefined before the first answer, and after a very long silence. */
  readonly beat: (nowMs: number) => Beat | undefined;
};

/** A loop that has not answered for this long is not busy any more; nobody shall wait for it. */
export const hungAfterMs = 600_000;

/**
 * Keep beating with what was heard last. The lag that a beat tells is the worst since the beat
 * before: what the working thread measured, or how long it has left a question without an answer.
 */
export function openPulse(): Pulse {
  let last: { readonly body: BeatBody; readonly heardMs: number } | undefined;
  let askedMs: number | undefined;
  let worstMs = 0;
  return {
    ask: (nowMs) => {
      if (askedMs !== undefined) return "asked already";
      askedMs = nowMs;
      return "ask";
    },
    hear: ({ body, loopLagMs }, nowMs) => {
      worstMs = Math.max(worstMs, loopLagMs, nowMs - (askedMs ?? nowMs));
      askedMs = undefined;
      last = { body, heardMs: nowMs };
    },
    beat: (nowMs) => {
      const unansweredMs = nowMs - (askedMs ?? nowMs);
      if (!last || unansweredMs > hungAfterMs) return undefined;
      const loopLagMs = Math.max(worstMs, unansweredMs);
      worstMs = 0;
      return { ...last.body, atMs: nowMs, loopLagMs, bodyAgeMs: nowMs - last.heardMs };
    },
  };
}
