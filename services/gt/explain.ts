import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
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
          const blockers = (bead?.blockedBy ?? []).map((line) => `  ${oneLine(line)}`);
          const state = bead?.ready ? `${mark}, ready` : mark;
          return [
            changed(paintStatus(status, state, gt.terminal.paint), bead),
            ...blockers,
            ...placementLines(placement),
          ].join("\n");
        }),
      ),
    );
};
