import { toJson } from "@bufbuild/protobuf";
import stringWidth from "string-width";
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
import type { Terminal } from "./terminal.ts";
import { type Declare, example } from "./verb.ts";
import { wrap } from "./wrap.ts";

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
  const text = `${readyTable(answer, gt)}\n\n${waitingTable(waiting, gt.terminal)}`;
  gt.printValue(gt.json ? json : undefined, text);
}

function readyTable({ beads }: ListReadyBeadsResponse, { terminal }: Session): string {
  if (beads.length > 0) return beadTable(beads, terminal);
  return "nothing is ready; `gt ready --explain` says why not";
}

type Waiting = { readonly bead: Bead; readonly reasons: readonly string[] };

/** A line per reason, or several where the terminal is narrow; the bead stands in its first. */
export function waitingTable(
  waiting: readonly Waiting[],
  { columns }: Pick<Terminal, "columns">,
): string {
  if (waiting.length === 0) return "every open bead is ready";
  const width = columns();
  const whyColumns = whyWidth(waiting, width);
  const rows = waiting.flatMap(({ bead, reasons }) =>
    reasons
      .flatMap((reason) => wrap(oneLine(reason), whyColumns))
      .map((line, at) =>
        at === 0
          ? [oneLine(bead.id), statusGlyph(bead.status), oneLine(bead.title), line]
          : ["", "", "", line],
      ),
  );
  const heads = [{ head: "ID" }, { head: "" }, { head: "TITLE", gives: true }, { head: "WHY NOT" }];
  return table(heads, rows, width);
}

const whyColumnsMin = 24;

/** Of what is left beside the id, as much as the titles leave; half of it at least. */
function whyWidth(waiting: readonly Waiting[], width: number): number {
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => stringWidth(text)));
  const ids = widest(waiting.map(({ bead }) => oneLine(bead.id)));
  const titles = widest(waiting.map(({ bead }) => oneLine(bead.title)));
  // The glyph, and three gaps of two.
  const left = width - ids - 7;
  return Math.max(whyColumnsMin, left - titles, Math.floor(left / 2));
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
