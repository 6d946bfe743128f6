import { setTimeout as sleep } from "node:timers/promises";
import { EventService, type WatchEventsResponse } from "#proto/gastown/v1/event_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { type Bell, openBell } from "./bell.ts";
import { eventLine } from "./event-line.ts";
import type { Session } from "./session.ts";
import { renderTree } from "./tree-view.ts";
import { type Declare, example } from "./verb.ts";
import { isClosed, openForest } from "./watch-forest.ts";

type Options = { readonly untilClosed?: boolean };

/** Declare `gt watch`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[bead]", "an epic, or any bead; all open work if absent")
    .option("--until-closed", "end when it is closed; without a bead: when all work is")
    .addHelpText("after", example("gt watch hq-k3f9", "gt watch hq-k3f9 --json --until-closed"))
    .action(act(watch));
};

/** A tree that is drawn again on a terminal; else a line per event. Ctrl-C ends it, with 0. */
async function watch(gt: Session, id = "", { untilClosed = false }: Options): Promise<void> {
  // A mistyped id, or a town that is away, is told before anything waits.
  if (id !== "") await gt.call(WorkService.method.getBead, { id });
  const end = new AbortController();
  const signal = AbortSignal.any([gt.signal, end.signal]);
  const live = gt.terminal.isTty && !gt.json;
  const bell = openBell();
  const latest = { line: "" };
  const following = follow(gt, id, signal, async (event) => {
    latest.line = eventLine(event, gt.terminal.paint);
    if (!live) await gt.print(EventService.method.watchEvents.output, event, () => latest.line);
    bell.ring();
  });
  const looking = live
    ? drawTree(gt, { id, untilClosed, bell, signal, latest })
    : untilClosed
      ? waitUntilClosed(gt, id, bell, signal)
      : following;
  try {
    // Whichever fails ends both; events alone never end.
    await Promise.race([looking, following.then(() => looking)]);
  } catch (error) {
    if (!(gt.signal.aborted && isTownError(error, "cancelled"))) throw error;
  } finally {
    end.abort();
    await Promise.allSettled([looking, following]);
  }
}

const reconnectDelayMs = 500;

/** Hand on every event, over any number of broken connections, until the signal comes. */
async function follow(
  gt: Session,
  bead: string,
  signal: AbortSignal,
  handle: (event: WatchEventsResponse) => Promise<void>,
): Promise<void> {
  let resumeToken = "";
  while (!signal.aborted) {
    try {
      const request = { bead, resumeToken };
      for await (const event of gt.stream(EventService.method.watchEvents, request, signal)) {
        resumeToken = event.resumeToken;
        await handle(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isTownError(error, "gap")) {
        resumeToken = "";
        gt.terminal.writeError("gt: some events were missed; going on from now\n");
      } else if (!isTownError(error, "unavailable")) throw error;
    }
    await sleep(reconnectDelayMs, undefined, { signal }).catch(() => undefined);
  }
}

type Drawing = {
  readonly id: string;
  readonly untilClosed: boolean;
  readonly bell: Bell;
  readonly signal: AbortSignal;
  readonly latest: { readonly line: string };
};

const redrawMs = 1_000;
/** Many events at once are one redraw. */
const settleMs = 150;

async function drawTree(gt: Session, drawing: Drawing): Promise<void> {
  const { id, untilClosed, bell, signal, latest } = drawing;
  const { paint, columns, nowMs } = gt.terminal;
  const redraw = await gt.terminal.redraw();
  const look = openForest(gt, id);
  try {
    while (!signal.aborted) {
      const { node, closed } = await look();
      const none = "no open work; `gt create` files some";
      const tree = node.children.length === 0 ? none : renderTree(node, nowMs(), columns(), paint);
      redraw.show([tree, "", latest.line || paint.dim("Ctrl-C ends")].join("\n"));
      if (untilClosed && closed) return;
      await bell.wait(redrawMs, signal);
      await sleep(settleMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    redraw.done();
  }
}

const lookMs = 2_000;

/** Closed is believed at the second look, so that the event that closed it is printed before. */
async function waitUntilClosed(gt: Session, id: string, bell: Bell, signal: AbortSignal) {
  for (let looks = 0; !signal.aborted; ) {
    looks = (await isClosed(gt, id)) ? looks + 1 : 0;
    if (looks >= 2) return;
    if (looks === 0) await bell.wait(lookMs, signal);
    else await sleep(settleMs, undefined, { signal }).catch(() => undefined);
  }
}
