import { setTimeout as sleep } from "node:timers/promises";
import { EventService, type WatchEventsResponse } from "#proto/gastown/v1/event_service_pb.ts";
import { type BeadNode, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { openBell } from "#services/gt/bell.ts";
import type { RpcClient } from "#services/rpc/client.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { openBeads, progressOf } from "./progress.ts";

/** Who is told of what happens. */
export type Watcher = {
  readonly event: (event: WatchEventsResponse) => void;
  readonly tree: (root: BeadNode) => void;
};

/** How watching an epic ended. */
export type WatchEnd =
  | { readonly kind: "done"; readonly root: BeadNode }
  /** It will not be done, or was not in time; a sentence for each open bead. */
  | { readonly kind: "hangs"; readonly root: BeadNode; readonly why: readonly string[] };

const lookMs = 1_000;
/** Many events at once are one look. */
const settleMs = 100;
const reconnectMs = 300;

/** Follow an epic until it is closed, or hangs, or its time is over. */
export async function watchEpic(
  rpc: RpcClient,
  watched: { readonly epic: string; readonly limitMs: number },
  watcher: Watcher,
  signal: AbortSignal,
): Promise<WatchEnd> {
  const { epic, limitMs } = watched;
  const end = new AbortController();
  const until = AbortSignal.any([signal, end.signal]);
  const bell = openBell();
  const following = follow(rpc, until, (event) => {
    watcher.event(event);
    bell.ring();
  });
  const deadlineMs = performance.now() + limitMs;
  try {
    for (;;) {
      signal.throwIfAborted();
      const root = await look(rpc, epic, signal);
      if (root !== undefined) {
        watcher.tree(root);
        const progress = progressOf(root);
        if (progress.kind === "done") return { kind: "done", root };
        if (progress.kind === "stuck" || performance.now() > deadlineMs) {
          return { kind: "hangs", root, why: await explain(rpc, root, signal) };
        }
      }
      await bell.wait(lookMs, signal);
      await sleep(settleMs, undefined, { signal });
    }
  } finally {
    end.abort();
    await following;
  }
}

async function look(rpc: RpcClient, id: string, signal: AbortSignal) {
  try {
    return (await rpc.client(WorkService).getBeadTree({ id }, { signal })).root;
  } catch (error) {
    // A town under load answers the next time.
    if (!isTownError(error, "unavailable", "timeout")) throw error;
    return undefined;
  }
}

/** Hand on every event, over any number of broken connections, until the signal comes. */
async function follow(
  rpc: RpcClient,
  signal: AbortSignal,
  handle: (event: WatchEventsResponse) => void,
): Promise<void> {
  let resumeToken = "";
  while (!signal.aborted) {
    try {
      const events = rpc.client(EventService).watchEvents({ resumeToken }, { signal });
      for await (const event of events) {
        resumeToken = event.resumeToken;
        handle(event);
      }
    } catch (error) {
      if (isTownError(error, "gap")) resumeToken = "";
      else if (!signal.aborted && !isTownError(error, "unavailable")) throw error;
    }
    await sleep(reconnectMs, undefined, { signal }).catch(() => undefined);
  }
}

async function explain(rpc: RpcClient, root: BeadNode, signal: AbortSignal): Promise<string[]> {
  const why: string[] = [];
  for (const { bead, step, mergeState } of openBeads(root)) {
    if (bead === undefined) continue;
    const { placement } = await rpc.client(WorkService).explainBead({ id: bead.id }, { signal });
    const at = [step && `at ${step}`, mergeState && `request ${mergeState}`].filter(Boolean);
    const reasons = [...bead.blockedBy, ...(placement?.reasons ?? [])];
    why.push(`${bead.id} is ${[bead.status, ...at].join(", ")}: ${reasons.join("; ") || "?"}`);
  }
  return why;
}
