import type { WatchEventsResponse } from "#proto/gastown/v1/event_service_pb.ts";
import { eventLine } from "#services/gt/event-line.ts";
import type { Terminal } from "#services/gt/terminal.ts";
import { renderTree } from "#services/gt/tree-view.ts";
import type { Watcher } from "./watch.ts";

/** What a person sees while the work goes on. */
export type View = Watcher & {
  /** A line of its own, at any time. */
  readonly say: (line: string) => void;
  /** Leave what was shown last where it is. */
  readonly done: () => void;
};

const toldKinds = new Set(["claimed", "released", "closed", "reopened"]);

/** A tree that is drawn again on a terminal; else a line for each turn that work takes. */
export async function openView(
  terminal: Terminal,
  options: { readonly json: boolean; readonly isWork: (id: string) => boolean },
): Promise<View> {
  // The last line of the output is the answer where JSON is asked for, so all else goes elsewhere.
  const write = options.json ? terminal.writeError : terminal.write;
  const sayLine = (line: string) => write(`${line}\n`);
  if (options.json || !terminal.isTty) {
    const event = (happened: WatchEventsResponse) => {
      if (!toldKinds.has(happened.kind) || !options.isWork(happened.bead?.id ?? "")) return;
      sayLine(eventLine(happened, terminal.paint));
    };
    return { event, tree: () => {}, say: sayLine, done: () => {} };
  }
  const redraw = await terminal.redraw();
  const above: string[] = [];
  let latest = "";
  return {
    event: (happened) => {
      latest = eventLine(happened, terminal.paint);
    },
    tree: (root) => {
      const tree = renderTree(root, terminal.nowMs(), terminal.columns(), terminal.paint);
      redraw.show([...above, tree, "", latest].join("\n"));
    },
    say: (line) => above.push(line),
    done: redraw.done,
  };
}
