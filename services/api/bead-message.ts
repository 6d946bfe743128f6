import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { BeadSchema } from "#proto/gastown/v1/bead_pb.ts";
import { type Bead, isHeld, textField } from "#services/ledger/bead.ts";
import { beadMetadata } from "#services/ledger/beads-line.ts";
import { isDispatchable, judgeReadiness } from "#services/ledger/readiness.ts";
import { rigOfId, rigs } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";

/** A bead as the API shows it. */
export type BeadInit = Exclude<MessageInitShape<typeof BeadSchema>, { $typeName: string }>;

/**
 * Show beads of one moment; use it at once for as many as are wanted.
 *
 * @param nowMs the wall clock, for what is deferred
 */
export function beadShower(world: World, nowMs: number): (bead: Bead) => BeadInit {
  const judge = judgeReadiness(world, nowMs);
  const enrolled = rigs(world);
  return (bead) => {
    const { blocked } = judge(bead);
    const open = bead.status !== "closed" && isDispatchable(bead);
    const parent = bead.parent === undefined ? undefined : world.bead(bead.parent);
    return {
      id: bead.id,
      uid: bead.uid,
      title: bead.title,
      status: bead.status,
      issueType: bead.issueType,
      priority: bead.priority,
      assignee: bead.assignee,
      createdBy: bead.createdBy,
      closeReason: bead.closeReason,
      labels: [...bead.labels],
      ...texts(bead),
      ...times(bead),
      ...edges(bead),
      ...claim(bead),
      ...metadata(bead),
      parent: parent?.id ?? bead.parent ?? "",
      rig: rigOfId(bead.id, enrolled)?.rig.name ?? "",
      ready: open && blocked.length === 0,
      blockedBy: [...blocked],
      tier: bead.tier,
    };
  };
}

/** Show one bead as it is now. */
export function showBead(bead: Bead, world: World, nowMs: number): BeadInit {
  return beadShower(world, nowMs)(bead);
}

/** About how many bytes a bead takes on the wire. */
export function weighBead({ fields, comments, title }: Bead): number {
  const texts = comments.reduce((length, { text }) => length + text.length, 0);
  return 500 + title.length + texts + JSON.stringify(fields).length;
}

/** RFC 3339 as the wire has it; undefined where it is absent or cannot be read. */
export function timestampOf(text: string | undefined): Timestamp | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : timestampFromDate(new Date(ms));
}

function texts(bead: Bead): BeadInit {
  return {
    description: textField(bead, "description"),
    design: textField(bead, "design"),
    acceptanceCriteria: textField(bead, "acceptance_criteria"),
    notes: textField(bead, "notes"),
    owner: textField(bead, "owner"),
    externalRef: textField(bead, "external_ref"),
  };
}

function times(bead: Bead): BeadInit {
  return present({
    createTime: timestampOf(bead.createdAt),
    updateTime: timestampOf(bead.updatedAt),
    closeTime: timestampOf(bead.closedAt),
    deferUntil: timestampOf(textField(bead, "defer_until")),
  });
}

function edges(bead: Bead): BeadInit {
  return {
    dependencies: bead.dependencies.map(({ id, type, createdAt, createdBy }) => ({
      dependsOnId: id,
      type,
      createdBy,
      ...present({ createTime: timestampOf(createdAt) }),
    })),
    comments: bead.comments.map(({ id, author, text, createdAt }) => ({
      id,
      author,
      text,
      ...present({ createTime: timestampOf(createdAt) }),
    })),
  };
}

function claim(bead: Bead): BeadInit {
  if (!isHeld(bead) || !bead.claim) return {};
  const { epoch, machine, polecat, claimedAt, respawn } = bead.claim;
  const claimTime = present({ claimTime: timestampOf(claimedAt) });
  return { claim: { epoch, machine, polecat, respawn: respawn ?? 0, ...claimTime } };
}

/** `metadata` is any JSON in Beads; what is no object has no place in the API's Struct. */
function metadata(bead: Bead): BeadInit {
  const all = beadMetadata(bead);
  const isObject = typeof all === "object" && all !== null && !Array.isArray(all);
  return isObject ? { metadata: all as JsonObject } : {};
}

/** Without what is undefined, as exact optional fields want it. */
function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
