import { create } from "@bufbuild/protobuf";
import {
  type ListBeadsResponse,
  ListBeadsResponseSchema,
  WorkService,
} from "#proto/gastown/v1/work_service_pb.ts";
import { type BeadCriteria, beadFilter } from "./bead-filter.ts";
import { beadTable } from "./bead-view.ts";
import { count, priority } from "./options.ts";
import type { Session } from "./session.ts";
import { collect, type Declare, example } from "./verb.ts";
import { parseSince } from "./when.ts";

type Since = "createdSince" | "updatedSince" | "closedSince";
type Options = Omit<BeadCriteria, Since> & { readonly [name in Since]?: string } & {
  readonly number: number;
};

/** Declare `gt list`. */
export const declare: Declare = (command, act) => {
  command
    .option("-s, --status <status>", "open, in_progress, deferred, …; closed: of all tiers")
    .option("-t, --type <type>", "task, bug, feature, epic, message, merge-request, …")
    .option("--label <label>", "with this label; may be repeated", collect)
    .option("--assignee <name>", "assigned to this one")
    .option("--parent <id>", "children of this bead")
    .option("--rig <name>", "of this rig; hq: the town's own")
    .option("-p, --priority <0-4>", "of this priority", priority)
    .option("--machine <name>", "held by a worker on this machine")
    .option("--text <words>", "with this in title or texts; `gt search` ranks what it finds")
    .option("--created-since <time>", "3d, 1w ago, or a date")
    .option("--updated-since <time>", "the same")
    .option("--closed-since <time>", "the same; closed beads only")
    .option("--tier <tier>", "kept there: active, recent or archive; below active all has ended")
    .option("-a, --all", "closed beads of all tiers too")
    .option(
      "--filter <expression>",
      "an AIP-160 filter in place of all these; also finds mail, steps",
    )
    .option("-n, --number <count>", "at most this many; 0: all", count, 100)
    .addHelpText(
      "after",
      example(
        "gt list --rig alpha --status open",
        "gt list --closed-since 1w",
        "gt list --tier archive --text login",
        `gt list --filter 'title:"greet" OR priority < 2'`,
      ),
    )
    .action(act(list));
};

async function list(gt: Session, options: Options): Promise<void> {
  const nowMs = gt.terminal.nowMs();
  const at = (text: string | undefined) =>
    text === undefined ? undefined : parseSince(text, nowMs);
  const since = {
    createdSince: at(options.createdSince),
    updatedSince: at(options.updatedSince),
    closedSince: at(options.closedSince),
  };
  const found = await gather(gt, beadFilter({ ...options, ...since }), options.number);
  await gt.print(ListBeadsResponseSchema, found, ({ beads, nextPageToken, totalSize }) => {
    if (beads.length === 0) return noneOf(options);
    const rest = totalSize > beads.length ? `${totalSize - beads.length} more` : "more";
    const tail = nextPageToken === "" ? "" : `\n… ${rest}; -n 0 shows all`;
    return `${beadTable(beads, gt.terminal)}${tail}`;
  });
}

/** That there is none, and where there may be some. */
function noneOf({ tier, all, status, closedSince, filter }: Options): string {
  if (filter !== undefined) return "no beads match that filter";
  if (tier !== undefined && tier !== "active") {
    return `no such beads in the tier ${tier}; \`gt list --all\` shows those of all tiers`;
  }
  const isOfAll = all || status === "closed" || closedSince !== undefined;
  return isOfAll ? "no beads" : "no beads; `gt list --all` shows closed ones too";
}

const pageMax = 1_000;

/** Page after page, up to `max` beads; 0: all. */
async function gather(gt: Session, filter: string, max: number): Promise<ListBeadsResponse> {
  const all = create(ListBeadsResponseSchema);
  do {
    const left = max === 0 ? pageMax : max - all.beads.length;
    const page = await gt.call(WorkService.method.listBeads, {
      filter,
      pageSize: Math.min(pageMax, left),
      pageToken: all.nextPageToken,
    });
    all.beads.push(...page.beads);
    all.nextPageToken = page.nextPageToken;
    all.totalSize = page.totalSize;
  } while (all.nextPageToken !== "" && (max === 0 || all.beads.length < max));
  return all;
}
