import {
  type AuditEntry,
  AuditEntrySchema,
  AuditService,
} from "#proto/gastown/v1/audit_service_pb.ts";
import { auditTable, csvHead, csvLine } from "./audit-view.ts";
import { quoted } from "./bead-filter.ts";
import { count } from "./options.ts";
import type { Session } from "./session.ts";
import { UsageError } from "./usage-error.ts";
import { type Declare, example } from "./verb.ts";
import { parseSince } from "./when.ts";

type Options = {
  readonly actor?: string;
  readonly machine?: string;
  readonly bead?: string;
  readonly kind?: string;
  readonly since?: string;
  readonly until?: string;
  readonly filter?: string;
  readonly number?: number;
  readonly csv?: boolean;
};

/** Declare `gt audit`. */
export const declare: Declare = (command, act) => {
  command
    .option("--actor <name>", "changes by this principal, whole name or last part")
    .option("--machine <name>", "changes that this machine, or `town`, wrote")
    .option("--bead <id>", "changes of this bead")
    .option("--kind <kind>", "created, updated, claimed, released, closed, …")
    .option("--since <time>", "not before: 30m, 2h, 3d, 1w ago, or a date")
    .option("--until <time>", "before: the same")
    .option("--filter <expression>", "an AIP-160 filter in place of all these")
    .option(
      "-n, --number <count>",
      "the newest so many; 0: all (200; all with --csv, --json)",
      count,
    )
    .option("--csv", "as CSV, with a line of names")
    .addHelpText(
      "after",
      example(
        "gt audit --actor overseer --since 1w",
        "gt audit --machine vm-a --csv > vm-a.csv",
        "gt audit --json > everything.jsonl",
        `gt audit --filter 'kind = closed AND time >= 2026-03-01'`,
      ),
    )
    .action(act(audit));
};

const shownDefault = 200;
const pageMax = 1_000;

async function audit(gt: Session, options: Options): Promise<void> {
  if (options.csv && gt.json) throw new UsageError("--csv or --json, not both");
  const filter = auditFilter(options, gt.terminal.nowMs());
  const number = options.number ?? (options.csv || gt.json ? 0 : shownDefault);
  if (options.csv) gt.terminal.write(`${csvHead}\r\n`);
  const shown: AuditEntry[] = [];
  for await (const entry of number === 0 ? everything(gt, filter) : newest(gt, filter, number)) {
    if (options.csv) gt.terminal.write(`${csvLine(entry)}\r\n`);
    else if (gt.json) await gt.print(AuditEntrySchema, entry, () => "");
    else shown.push(entry);
  }
  if (options.csv || gt.json) return;
  const full = shown.length === number ? `\n… the newest ${number}; -n 0 shows all` : "";
  const none = "nothing is recorded that fits";
  gt.printValue(undefined, shown.length === 0 ? none : auditTable(shown, gt.terminal) + full);
}

/** The earliest first, as they come: all of them need not fit into memory. */
async function* everything(gt: Session, filter: string): AsyncGenerator<AuditEntry> {
  let pageToken = "";
  do {
    const request = { filter, pageSize: pageMax, pageToken };
    const page = await gt.call(AuditService.method.listAuditEntries, request);
    yield* page.entries;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

/** The newest so many, the earliest of them first. */
async function* newest(gt: Session, filter: string, max: number): AsyncGenerator<AuditEntry> {
  const entries: AuditEntry[] = [];
  let pageToken = "";
  do {
    const pageSize = Math.min(pageMax, max - entries.length);
    const request = { filter, pageSize, pageToken, orderBy: "time desc" };
    const page = await gt.call(AuditService.method.listAuditEntries, request);
    entries.push(...page.entries);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && entries.length < max);
  yield* entries.reverse();
}

function auditFilter(options: Options, nowMs: number): string {
  const { actor, machine, bead, kind, since, until, filter } = options;
  if (filter !== undefined) return filter;
  const at = (text: string) => `"${parseSince(text, nowMs).toISOString()}"`;
  return [
    ...(actor === undefined
      ? []
      : [`(actor = ${quoted(actor)} OR actor = ${quoted(`*/${actor}`)})`]),
    ...(machine === undefined ? [] : [`machine = ${quoted(machine)}`]),
    ...(bead === undefined ? [] : [`bead = ${quoted(bead)}`]),
    ...(kind === undefined ? [] : [`kind = ${quoted(kind)}`]),
    ...(since === undefined ? [] : [`time >= ${at(since)}`]),
    ...(until === undefined ? [] : [`time < ${at(until)}`]),
  ].join(" AND ");
}
