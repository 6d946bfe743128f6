import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { compareStamps } from "#services/ledger/clock.ts";
import { firstCreation } from "#services/ledger/derive.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { requestKey } from "#services/ledger/ids.ts";
import { type ImportPlan, type LineReport, planImport } from "#services/ledger/import-lines.ts";
import { isEnrolledId, rigs, townPrefix } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { mutate } from "../mutate.ts";
import { refusalOf } from "./refusal.ts";

type ImportBeads = MethodImpl<typeof WorkService.method.importBeads>;

/** File the lines of a Beads JSONL file, all or none. Importing twice is importing once. */
export function importBeads({ ledger }: Pick<ApiPorts, "ledger">): ImportBeads {
  const { world } = ledger;
  return async (request, context) => {
    const { principal, requestId } = context;
    const plan = planImport(world, request.lines, { isStrict: true, refuseId: foreign(world) });
    refuseBad(plan.reports, world);
    const drafts = plan.batches.flat();
    const [first] = drafts;
    const key = requestKey(principal, requestId);
    if (!first && !world.requested(key)) return answer(plan, plan.reports);
    // A change has a key of its own on its first event; the request's needs another one.
    const isKeyed = first?.request !== undefined;
    const decided = {
      bead: first?.bead ?? "",
      drafts: isKeyed ? [setFields(first.bead, {}), ...drafts] : drafts,
    };
    const method = WorkService.method.importBeads;
    const { bead, repeated } = await mutate(ledger, method, request, context, () => decided);
    if (!repeated) return answer(plan, plan.reports);
    // Of an attempt that a crash cut short, what is missing is filed now.
    if (drafts.length > 0) await ledger.append(principal, drafts);
    return answer(plan, reportsSince(world, bead.uid, world.requested(key)?.op === "set", plan));
  };
}

/** Why a bead may not be filed in this town. */
function foreign(world: World): (id: string) => string | undefined {
  const enrolled = rigs(world);
  const prefixes = [townPrefix, ...enrolled.map(({ rig }) => rig.prefix)].join(", ");
  return (id) => {
    if (isEnrolledId(id, enrolled)) return undefined;
    return `no rig has the prefix of ${id}; there are ${prefixes}`;
  };
}

/** Throws `invalid` where a line is refused: then nothing of the file is filed. */
function refuseBad(reports: readonly LineReport[], world: World): void {
  const refused = reports.filter(({ outcome }) => outcome === "refused");
  if (refused.length === 0) return;
  const enrolled = rigs(world);
  throw refusalOf(refused, (id) => !isEnrolledId(id, enrolled));
}

function answer({ beads }: ImportPlan, reports: readonly LineReport[]) {
  const count = (what: LineReport["outcome"]) =>
    reports.filter(({ outcome }) => outcome === what).length;
  const created = count("created");
  const isPlain = ({ outcome, why }: LineReport) =>
    why === undefined && (outcome === "created" || outcome === "unchanged");
  return {
    created,
    existing: beads.length - created,
    ids: beads.map(({ id }) => id),
    skipped: reports
      .filter(({ outcome }) => outcome === "skipped")
      .map(({ line, why }) => `line ${line}: ${why}`),
    changed: count("changed"),
    older: count("older"),
    lines: reports.filter((report) => !isPlain(report)),
  };
}

/**
 * What the first call of a request said of each line: its beads are those that were created, or
 * written by a line, with its first bead or after it.
 */
function reportsSince(
  world: World,
  first: string,
  isChange: boolean,
  { reports, beads }: ImportPlan,
): LineReport[] {
  const uids = new Map(beads.map(({ id, uid }) => [id, uid]));
  const madeAt = (uid: string) => {
    const state = world.state(uid);
    return state && firstCreation(state)?.stamp;
  };
  const changedAt = (uid: string) => world.state(uid)?.fields.get("updated_at")?.origin.stamp;
  const start = isChange ? changedAt(first) : madeAt(first);
  return reports.map((report) => {
    const uid = uids.get(report.id ?? "");
    if (!start || uid === undefined || report.outcome !== "unchanged" || report.why) return report;
    const isSince = (at: typeof start | undefined) => at && compareStamps(at, start) >= 0;
    if (isSince(madeAt(uid))) return { ...report, outcome: "created" };
    return isSince(changedAt(uid)) ? { ...report, outcome: "changed" } : report;
  });
}
