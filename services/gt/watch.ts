import { setTimeout as sleep } from "node:timers/promises";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import { EventService } from "#proto/gastown/v1/event_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { type Bell, openBell } from "./bell.ts";
import { eventLine } from "./event-line.ts";
import { cut } from "./one-line.ts";
import type { Session } from "./session.ts";
import { renderTree } from "./tree-view.ts";
import { type Declare, example } from "./verb.ts";
import { follow } from "./watch-follow.ts";
import { type Forest, openForest } from "./watch-forest.ts";

type Options = { readonly untilClosed?: boolean };

/** Declare `gt watch`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[bead]", "an epic, or any bead; all open work if absent")
    .option("--until-closed", "end when it is closed (0), or nothing goes on without you (1)")
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
  const watching = { id, untilClosed, bell, signal, latest };
  // What is drawn again would be torn by lines of anybody else.
  const notice = (text: string) => {
    if (live) latest.line = text;
    else gt.terminal.writeError(`gt: ${text}\n`);
  };
  gt.divertNotices(notice);
  const following = follow(gt, id, signal, {
    notice,
    event: async (event) => {
      const columns = gt.terminal.columns();
      latest.line = eventLine(event, gt.terminal.paint, columns);
      if (!live) await gt.print(EventService.method.watchEvents.output, event, () => latest.line);
      bell.ring();
    },
  });
  const looking = live
    ? drawTree(gt, watching)
    : untilClosed
      ? waitForEnd(gt, watching)
      : following.then(() => undefined);
  try {
    // Whichever fails ends both; events alone never end.
    const last = await Promise.race([looking, following.then(() => looking)]);
    if (last !== undefined && last.still.length > 0) throw await stoodStill(gt, id, last.still);
  } catch (error) {
    if (!(gt.signal.aborted && isTownError(error, "cancelled"))) throw error;
  } finally {
    end.abort();
    await Promise.allSettled([looking, following]);
  }
}

type Watching = {
  readonly id: string;
  readonly untilClosed: boolean;
  readonly bell: Bell;
  readonly signal: AbortSignal;
  readonly latest: { readonly line: string };
};

const redrawMs = 1_000;
/** Many events at once are one redraw. */
const settleMs = 150;

/** Draw until the signal comes, or, where that is wanted, until it is over. */
async function drawTree(gt: Session, watching: Watching): Promise<Forest | undefined> {
  const { id, untilClosed, bell, signal, latest } = watching;
  const { paint, columns, nowMs } = gt.terminal;
  const redraw = await gt.terminal.redraw();
  const look = openForest(gt, id);
  try {
    for (let looks = 0; !signal.aborted; ) {
      const seen = await look();
      const { node, away } = seen;
      const none = "no open work; `gt create` files some";
      const tree = node.children.length === 0 ? none : renderTree(node, nowMs(), columns(), paint);
      const foot = away ? "town away, waiting …; Ctrl-C ends" : "Ctrl-C ends";
      const last = away || latest.line === "" ? paint.dim(cut(foot, columns())) : latest.line;
      redraw.show([tree, "", last].join("\n"));
      looks = isOver(seen) ? looks + 1 : 0;
      if (untilClosed && (seen.closed || looks >= 2)) return seen;
      await bell.wait(redrawMs, signal);
      await sleep(settleMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    redraw.done();
  }
  return undefined;
}

const lookMs = 2_000;

/** An end is believed at the second look, so that the event that made it is printed before. */
async function waitForEnd(gt: Session, watching: Watching): Promise<Forest | undefined> {
  const { id, bell, signal } = watching;
  const look = openForest(gt, id);
  for (let looks = 0; !signal.aborted; ) {
    const seen = await look();
    looks = isOver(seen) ? looks + 1 : 0;
    if (looks >= 2) return seen;
    if (looks === 0) await bell.wait(lookMs, signal);
    else await sleep(settleMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

function isOver({ closed, still }: Forest): boolean {
  return closed || still.length > 0;
}

const toldMax = 8;

/** That nothing goes on, why, and what to do about it. */
async function stoodStill(gt: Session, id: string, still: readonly Bead[]): Promise<TownError> {
  const told = await Promise.all(
    still.slice(0, toldMax).map(async (bead) => {
      const answer = await gt.call(WorkService.method.explainBead, { id: bead.id });
      const [reason = bead.status] = answer.placement?.reasons ?? [];
      return { field: `${bead.id} (${bead.title})`, description: reason };
    }),
  );
  const [first] = still;
  const what = id === "" ? "the open work" : id;
  const message =
    `${what} does not go on: nobody works on ${still.map((bead) => bead.id).join(", ")} ` +
    `until you decide; read \`gt mail inbox\`, then \`gt sling ${first?.id ?? ""}\` again`;
  return new TownError("state", message, { violations: told });
}
