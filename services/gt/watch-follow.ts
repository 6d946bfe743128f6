import { setTimeout as sleep } from "node:timers/promises";
import { EventService, type WatchEventsResponse } from "#proto/gastown/v1/event_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Session } from "./session.ts";

const reconnectDelayMs = 500;

/** What becomes of what is followed. */
export type Following = {
  readonly event: (event: WatchEventsResponse) => Promise<void>;
  /** Told once each time that the town is away, and of events that were missed. */
  readonly notice: (text: string) => void;
};

/** Hand on every event, over any number of broken connections, until the signal comes. */
export async function follow(
  gt: Session,
  bead: string,
  signal: AbortSignal,
  to: Following,
): Promise<void> {
  let resumeToken = "";
  let isAway = false;
  while (!signal.aborted) {
    try {
      const request = { bead, resumeToken };
      for await (const event of gt.stream(EventService.method.watchEvents, request, signal)) {
        resumeToken = event.resumeToken;
        isAway = false;
        await to.event(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isTownError(error, "gap")) {
        resumeToken = "";
        to.notice("some events were missed; going on from now");
      } else if (!isTownError(error, "unavailable")) throw error;
      else if (!isAway) {
        isAway = true;
        to.notice("the town is away, waiting …");
      }
    }
    await sleep(reconnectDelayMs, undefined, { signal }).catch(() => undefined);
  }
}
