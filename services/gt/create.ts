import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { changed } from "./bead-view.ts";
import { oneLine } from "./one-line.ts";
import { dependency, metadata, priority } from "./options.ts";
import { readText } from "./read-text.ts";
import type { Session } from "./session.ts";
import { UsageError } from "./usage-error.ts";
import { collect, type Declare, example } from "./verb.ts";
import { parseWhen } from "./when.ts";

type Options = {
  readonly description?: string;
  readonly type: string;
  readonly priority?: number;
  readonly rig?: string;
  readonly label?: string[];
  readonly parent?: string;
  readonly needs?: string[];
  readonly dep?: string[];
  readonly assignee?: string;
  readonly design?: string;
  readonly acceptance?: string;
  readonly notes?: string;
  readonly metadata?: JsonObject;
  readonly patch?: string;
  readonly defer?: string;
  readonly quiet?: boolean;
};

/** Declare `gt create`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<title>", "1 to 500 characters")
    .option("-d, --description <text>", "what is to be done")
    .option("-t, --type <type>", "task, bug, feature, epic, chore, …", "task")
    .option("-p, --priority <0-4>", "0 is the most urgent", priority)
    .option("--rig <name>", "the rig it belongs to; the only one there is if absent; hq: the town")
    .option("--label <label>", "a label; may be repeated", collect)
    .option("--parent <id>", "the bead that this one is a part of")
    .option("--needs <id>", "a bead that must be closed first; may be repeated", collect)
    .option("--dep <type:id>", "any other dependency; may be repeated", collect)
    .option("--assignee <name>", "who is to do it")
    .option("--design <text>", "how it is to be done")
    .option("--acceptance <text>", "how to see that it is done")
    .option("--notes <text>", "what else there is to know")
    .option("--metadata <json>", "a JSON object", metadata)
    .option("--patch <file>", "the change itself, for the patch runtime")
    .option("--defer <until>", "not before 30m, 2h, 3d, 1w from now, or a date")
    .option("-q, --quiet", "print the new bead's id alone, for scripts")
    .addHelpText("after", example('gt create "Greet by name" -p 1 --rig alpha --needs alpha-k3f9'))
    .action(act(create));
};

async function create(gt: Session, title: string, options: Options): Promise<void> {
  const { description = "", assignee = "", design = "", acceptance = "", notes = "" } = options;
  const needs = (options.needs ?? []).map((id) => ({ dependsOnId: id, type: "blocks" }));
  const until =
    options.defer === undefined ? undefined : parseWhen(options.defer, gt.terminal.nowMs());
  await gt.tell(
    WorkService.method.createBead,
    {
      requestId: gt.requestId,
      rig: await rigOf(gt, options),
      title,
      description,
      issueType: options.type,
      ...(options.priority === undefined ? {} : { priority: options.priority }),
      assignee,
      labels: options.label ?? [],
      parent: options.parent ?? "",
      dependencies: [...needs, ...(options.dep ?? []).map(dependency)],
      acceptanceCriteria: acceptance,
      design,
      notes,
      metadata: await metadataOf(gt, options),
      ...(until === undefined ? {} : { deferUntil: timestampFromDate(until) }),
    },
    ({ bead }) =>
      options.quiet ? (bead?.id ?? "") : [changed("created", bead), ...next(bead)].join("\n"),
  );
}

/** Filed is not asked for yet. */
function next(bead: Bead | undefined): string[] {
  if (bead === undefined || (bead.rig === "" && bead.issueType !== "epic")) return [];
  return [`  \`gt sling ${oneLine(bead.id)}\` has it done`];
}

/** A part belongs where its whole does; else, with one rig in town, nobody needs to name it. */
async function rigOf(gt: Session, { rig, parent }: Options): Promise<string> {
  if (rig === "hq") return "";
  if (rig !== undefined) return rig;
  if (parent !== undefined) return "";
  const { rigs } = await gt.call(FleetService.method.listRigs, {});
  const [only, ...others] = rigs;
  if (only === undefined) return "";
  if (others.length === 0) return only.name;
  const there = rigs.map(({ name }) => name).join(", ");
  throw new UsageError(`which rig? --rig ${there}, or --rig hq for the town itself`);
}

async function metadataOf(gt: Session, { metadata = {}, patch }: Options): Promise<JsonObject> {
  if (patch === undefined) return metadata;
  const text = await readText(gt, patch);
  const own = metadata["gt"];
  const others = typeof own === "object" && own !== null && !Array.isArray(own) ? own : {};
  return { ...metadata, gt: { ...others, patch: text } };
}
