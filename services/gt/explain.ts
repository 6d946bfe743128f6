import { type Placement, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { changed } from "./bead-view.ts";
import { paintStatus, statusGlyph } from "./glyphs.ts";
import { oneLine } from "./one-line.ts";
import { placementLines } from "./sling.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt explain`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead")
    .addHelpText("after", example("gt explain alpha-k3f9"))
    .action(
      act(async (gt, id: string) =>
        gt.tell(WorkService.method.explainBead, { id }, ({ bead, placement }) => {
          const status = bead?.status ?? "";
          const mark = `${statusGlyph(status, bead?.ready)} ${status}`;
          const state = bead?.ready ? `${mark}, ready` : mark;
          return [
            changed(paintStatus(status, state, gt.terminal.paint), bead),
            ...explanation(status, bead?.blockedBy ?? [], placement),
          ].join("\n");
        }),
      ),
    );
};

/** Each thing once: what holds a bead back stands among the reasons of its placement too. */
function explanation(
  status: string,
  blockedBy: readonly string[],
  placement: Placement | undefined,
): string[] {
  const reasons = new Set(placement?.reasons);
  const isPlaced = placement !== undefined && placement.machine !== "";
  // That what is over, or put aside, is placed nowhere goes without saying.
  const isOut = ["closed", "deferred", "blocked"].includes(status);
  if (isOut && !isPlaced && reasons.size > 0) {
    return [...reasons].map((line) => `  ${oneLine(line)}`);
  }
  const others = blockedBy.filter((line) => !reasons.has(line));
  return [...others.map((line) => `  ${oneLine(line)}`), ...placementLines(placement)];
}
