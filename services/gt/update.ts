import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { FieldMaskSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { BeadSchema } from "#proto/gastown/v1/bead_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { changed } from "./bead-view.ts";
import { oneLine } from "./one-line.ts";
import { metadata, priority } from "./options.ts";
import type { Session } from "./session.ts";
import { UsageError } from "./usage-error.ts";
import { collect, type Declare, example } from "./verb.ts";
import { parseWhen } from "./when.ts";

/** What `gt update` was told to change. */
export type Changes = {
  readonly title?: string;
  readonly description?: string;
  readonly design?: string;
  readonly acceptance?: string;
  readonly notes?: string;
  readonly status?: string;
  readonly type?: string;
  readonly priority?: number;
  readonly assignee?: string;
  readonly owner?: string;
  readonly defer?: string;
  readonly externalRef?: string;
  readonly addLabel?: readonly string[];
  readonly removeLabel?: readonly string[];
  readonly metadata?: JsonObject;
};

/** Declare `gt update`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead")
    .option("--title <text>", "a new title")
    .option("-d, --description <text>", "a new description")
    .option("--design <text>", "a new design")
    .option("--acceptance <text>", "new acceptance criteria")
    .option("--notes <text>", "new notes")
    .option("-s, --status <status>", "open, blocked, deferred, pinned, …")
    .option("-t, --type <type>", "another type")
    .option("-p, --priority <0-4>", "another priority", priority)
    .option("--assignee <name>", "another assignee; '' for nobody")
    .option("--owner <name>", "another owner; '' for nobody")
    .option("--defer <until>", "not before 2h, 3d, … or a date; '' to lift it")
    .option("--external-ref <text>", "where it is known by another name")
    .option("--add-label <label>", "add a label; may be repeated", collect)
    .option("--remove-label <label>", "remove a label; may be repeated", collect)
    .option("--metadata <json>", "a JSON object in place of what there is", metadata)
    .addHelpText("after", example("gt update alpha-k3f9 -p 0 --add-label urgent"))
    .action(act(update));
};

async function update(gt: Session, id: string, changes: Changes): Promise<void> {
  if (changes.status === "closed") {
    throw new UsageError(`a bead is closed with \`gt close ${oneLine(id)}\`, not by its status`);
  }
  const relabels = changes.addLabel !== undefined || changes.removeLabel !== undefined;
  const labels = relabels ? await labelsOf(gt, id) : [];
  const { bead, paths } = updateOf(changes, labels, gt.terminal.nowMs());
  if (paths.length === 0) {
    throw new UsageError("nothing to change was given; see `gt update --help`");
  }
  await gt.tell(
    WorkService.method.updateBead,
    {
      requestId: gt.requestId,
      bead: { ...bead, id },
      updateMask: create(FieldMaskSchema, { paths }),
    },
    (response) => changed("updated", response.bead),
  );
}

async function labelsOf(gt: Session, id: string): Promise<readonly string[]> {
  const { bead } = await gt.call(WorkService.method.getBead, { id });
  return bead?.labels ?? [];
}

type BeadInit = Exclude<MessageInitShape<typeof BeadSchema>, { $typeName: string }>;

/**
 * The fields that change, and the mask that names them.
 *
 * @param labels the labels that the bead has now
 */
export function updateOf(
  changes: Changes,
  labels: readonly string[],
  nowMs: number,
): { bead: BeadInit; paths: string[] } {
  const parts: { path: string; bead: BeadInit }[] = [];
  const add = <T>(path: string, value: T | undefined, bead: (value: T) => BeadInit) => {
    if (value !== undefined) parts.push({ path, bead: bead(value) });
  };
  add("title", changes.title, (title) => ({ title }));
  add("description", changes.description, (description) => ({ description }));
  add("design", changes.design, (design) => ({ design }));
  add("acceptance_criteria", changes.acceptance, (text) => ({ acceptanceCriteria: text }));
  add("notes", changes.notes, (notes) => ({ notes }));
  add("status", changes.status, (status) => ({ status }));
  add("issue_type", changes.type, (issueType) => ({ issueType }));
  add("priority", changes.priority, (value) => ({ priority: value }));
  add("assignee", changes.assignee, (assignee) => ({ assignee }));
  add("owner", changes.owner, (owner) => ({ owner }));
  add("external_ref", changes.externalRef, (externalRef) => ({ externalRef }));
  add("metadata", changes.metadata, (value) => ({ metadata: value }));
  add("defer_until", changes.defer, (until) =>
    until === "" ? {} : { deferUntil: timestampFromDate(parseWhen(until, nowMs)) },
  );
  if (changes.addLabel !== undefined || changes.removeLabel !== undefined) {
    const removed = new Set(changes.removeLabel);
    const kept = [...labels, ...(changes.addLabel ?? [])].filter((label) => !removed.has(label));
    parts.push({ path: "labels", bead: { labels: [...new Set(kept)] } });
  }
  return {
    bead: Object.assign({}, ...parts.map((part) => part.bead)),
    paths: parts.map((part) => part.path),
  };
}
