import { createBead } from "#services/ledger/drafts.ts";
import { type Draft, encodeEvent, eventVersion, type LedgerEvent } from "#services/ledger/event.ts";

const sentence = "The gate fails when the branch was rebased twice; see the log of the last run. ";

/** A bead as people file them: about 800 bytes of JSON, as in real ledgers. */
export function madeBead(number: number, more: { waitsFor?: string } = {}): Draft {
  const edges = more.waitsFor === undefined ? [] : [{ to: more.waitsFor, type: "blocks" }];
  return createBead({
    uid: uidOf(number),
    id: `alpha-${number.toString(36).padStart(5, "0")}`,
    title: `Mend what number ${number} broke in the merge queue`,
    priority: number % 5,
    labels: [`area-${number % 20}`],
    fields: {
      description: `${number}: ${sentence.repeat(5)}`,
      acceptance_criteria: "The test that shows it passes, and the suite stays green.",
    },
    edges,
  });
}

/** The uid of a made bead. */
export function uidOf(number: number): string {
  return `made${number.toString(36).padStart(12, "0")}`;
}

/** Drafts as one writer's chain of events. */
export function* madeEvents(drafts: Iterable<Draft>, writer: string): Iterable<LedgerEvent> {
  let last: LedgerEvent | undefined;
  for (const draft of drafts) {
    const seq: number = (last?.seq ?? 0) + 1;
    last = encodeEvent({
      v: eventVersion,
      writer,
      seq,
      clock: [1_790_000_000_000 + seq, 0],
      actor: "overseer",
      bead: draft.bead,
      op: draft.op,
      values: draft.values as LedgerEvent["values"],
      prev: last?.hash ?? "",
    });
    yield last;
  }
}

/** This many beads, of which `ready` are ready and the others wait for one of those. */
export function* madeDrafts(count: number, ready = count): Iterable<Draft> {
  for (let number = 0; number < count; number += 1) {
    yield number < ready ? madeBead(number) : madeBead(number, { waitsFor: uidOf(number % ready) });
  }
}
