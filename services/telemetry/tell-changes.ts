import type { Change, Ledger } from "#services/ledger/ledger.ts";
import { exitField, placementField } from "#services/ledger/work-fields.ts";
import type { Logger } from "./log.ts";

/** One line for each change worth knowing that this process itself wrote. */
export function tellChanges(ledger: Ledger, log: Logger): void {
  ledger.onChange((change) => {
    if (change.event.writer !== ledger.writer) return;
    const news = newsOf(change);
    if (news) log.info(news.facts, news.what);
  });
}

type News = { readonly what: string; readonly facts: Readonly<Record<string, unknown>> };

/** What a change is worth in the log; undefined where it is mere detail, as most are. */
export function newsOf({ event, bead }: Change): News | undefined {
  if (!bead) return undefined;
  const facts = { bead: bead.id, actor: event.actor, ...(event.epoch && { epoch: event.epoch }) };
  switch (event.op) {
    case "claim":
      return { what: "claimed", facts: { ...facts, ...event.values } };
    case "release":
      return { what: "released", facts: { ...facts, ...event.values } };
    case "close":
      if (bead.issueType === "message") return undefined;
      return { what: "closed", facts: { ...facts, kind: event.values["kind"] } };
    case "create":
      if (bead.issueType !== "message") return undefined;
      return { what: "mail", facts: { ...facts, to: bead.assignee, subject: bead.title } };
    case "set":
      return newsOfFields(Object.keys(Object(event.values["fields"])), { event, bead, facts });
    default:
      return undefined;
  }
}

function newsOfFields(
  names: readonly string[],
  { bead, facts }: Pick<Change, "event"> & { bead: NonNullable<Change["bead"]>; facts: object },
): News | undefined {
  if (names.includes(placementField.name)) {
    return { what: "placed", facts: { ...facts, machine: placementField.read(bead)?.machine } };
  }
  if (!names.includes(exitField.name)) return undefined;
  const exit = exitField.read(bead);
  return { what: "exit", facts: { ...facts, exit: exit?.kind, summary: exit?.summary } };
}
