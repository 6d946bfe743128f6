import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { AuditEntrySchema } from "#proto/gastown/v1/audit_service_pb.ts";
import { writerMachine } from "#services/ledger/event.ts";
import type { Changed, Told } from "#services/ledger/narrate.ts";
import type { World } from "#services/ledger/world.ts";
import { kindOf, summaryOf } from "../event/event-message.ts";

/** An entry of the record as the API shows it. */
export type AuditEntryInit = Exclude<
  MessageInitShape<typeof AuditEntrySchema>,
  { $typeName: string }
>;

/** One event with what it changed, as the API shows it. */
export function auditEntry({ event, changes, late }: Told, world: World): AuditEntryInit {
  const bead = world.bead(event.bead);
  return {
    time: timestampFromMs(event.clock[0]),
    actor: event.actor,
    machine: writerMachine(event.writer),
    bead: bead?.id ?? event.bead,
    beadUid: event.bead,
    kind: kindOf(event.op),
    operation: event.op,
    epoch: event.epoch ?? "",
    late,
    changes: changes.map(fieldChange),
    summary: summaryOf(event, bead, world),
    writer: event.writer,
    sequence: BigInt(event.seq),
    hash: event.hash,
  };
}

/** About how many bytes an entry takes on the wire: what was there before, and what is now. */
export function weighEntry({ event, changes }: Told): number {
  const before = changes.map((change) => change.before).filter((value) => value !== undefined);
  return 500 + event.line.length + JSON.stringify(before).length;
}

function fieldChange({ field, before, after }: Changed) {
  return {
    field,
    ...(before !== undefined && { before: fromJson(ValueSchema, before) }),
    ...(after !== undefined && { after: fromJson(ValueSchema, after) }),
  };
}
