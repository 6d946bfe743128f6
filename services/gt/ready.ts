import { toJson } from "@bufbuild/protobuf";
import { type Bead, BeadSchema } from "#proto/gastown/v1/bead_pb.ts";
import {
  type ListReadyBeadsResponse,
  ListReadyBeadsResponseSchema,
  WorkService,
} from "#proto/gastown/v1/work_service_pb.ts";
import { beadFilter } from "./bead-filter.ts";
import { beadTable } from "./bead-view.ts";
import { statusGlyph } from "./glyphs.ts";
import { oneLine } from "./one-line.ts";
import { count } from "./options.ts";
import type { Session } from "./session.ts";
import { table } from "./table.ts";
import { type Declare, example } from "./verb.ts";

type Options = { readonly rig?: string; readonly number: number; readonly explain?: boolean };

/** Declare `gt ready`. */
export const declare: Declare = (command, act) => {
  command
    .option("--rig <name>", "only of this rig")
    .option("-n, --number <count>", "at most this many", count, 100)
    .option("--explain", "also why each other open bead is not")
    .addHelpText("after", example("gt ready --rig alpha", "gt ready --explain"))
    .action(act(ready));
};

async function ready(gt: Session, { rig = "", number, explain }: Options): Promise<void> {
  const request = { rig, pageSize: number };
  const answer = await gt.call(WorkService.method.listReadyBeads, request);
  if (!explain) return gt.print(ListReadyBeadsResponseSchema, answer, () => readyTable(answer, gt));
  const others = await notReady(gt, rig);
  const waiting = others.map((bead) => ({ bead, reasons: reasonsOf(bead) }));
  const emit = { alwaysEmitImplicit: true };
  const json = {
    ready: answer.beads.map((bead) => toJson(BeadSchema, bead, emit)),
    waiting: waiting.map(({ bead, reasons }) => ({
      bead: toJson(BeadSchema, bead, emit),
      reasons,
    })),
  };
  const text = `${readyTable(answer, gt)}\n\n${waitingTable(waiting, gt)}`;
  gt.printValue(gt.json ? json : undefined, text);
}

function readyTable({ beads }: ListReadyBeadsResponse, { terminal }: Session): string {
  if (beads.length > 0) return beadTable(beads, terminal);
  return "nothing is ready; `gt ready --explain` says why not";
}

/** A line per reason; the bead stands in its first. */
function waitingTable(
  waiting: readonly { readonly bead: Bead; readonly reasons: readonly string[] }[],
  { terminal }: Session,
): string {
  if (waiting.length === 0) return "every open bead is ready";
  const rows = waiting.flatMap(({ bead, reasons }) =>
    reasons.map((reason, at) =>
      at === 0
        ? [oneLine(bead.id), statusGlyph(bead.status), oneLine(bead.title), oneLine(reason)]
        : ["", "", "", oneLine(reason)],
    ),
  );
  const columns = [
    { head: "ID" },
    { head: "" },
    { head: "TITLE", gives: true },
    { head: "WHY NOT" },
  ];
  return table(columns, rows, terminal.columns());
}

/** Only an epic has none of its own. */
function reasonsOf({ blockedBy, issueType }: Bead): readonly string[] {
  if (blockedBy.length > 0) return blockedBy;
  return [issueType === "epic" ? "an epic is worked through its children" : "it is not dispatched"];
}

const pageMax = 1_000;

async function notReady(gt: Session, rig: string): Promise<Bead[]> {
  const filter = rig === "" ? "" : beadFilter({ rig });
  const found: Bead[] = [];
  let pageToken = "";
  do {
    const request = { filter, pageSize: pageMax, pageToken };
    const page = await gt.call(WorkService.method.listBeads, request);
    found.push(...page.beads.filter((bead) => !bead.ready));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found;
}
