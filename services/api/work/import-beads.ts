import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { readBeadsLine } from "#services/ledger/beads-jsonl.ts";
import { compareStamps } from "#services/ledger/clock.ts";
import { firstCreation } from "#services/ledger/derive.ts";
import type { Draft } from "#services/ledger/event.ts";
import { requestKey } from "#services/ledger/ids.ts";
import type { ImportedBead } from "#services/ledger/imported-bead.ts";
import { isEnrolledId, rigs, townPrefix } from "#services/ledger/rigs.ts";
import { waitGraph } from "#services/ledger/waiting.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { isTownError, TownError, type Violation } from "#services/rpc/town-error.ts";
import type { ApiPorts } from "../api-ports.ts";
import { mutate } from "../mutate.ts";
import { cycleOf } from "./refuse-cycle.ts";

type ImportBeads = MethodImpl<typeof WorkService.method.importBeads>;

/** A bead of the file, the number of its line counted from 1, and its uid here. */
type Row = {
  readonly bead: ImportedBead;
  readonly line: number;
  readonly uid: string;
  readonly isFresh: boolean;
};
type File = { readonly rows: readonly Row[]; readonly skipped: readonly string[] };

/** File the lines of a Beads JSONL file, all or none. Importing twice is importing once. */
export function importBeads({ ledger }: Pick<ApiPorts, "ledger">): ImportBeads {
  const { world } = ledger;
  return async (request, context) => {
    const { principal, requestId } = context;
    const file = readFile(world, request.lines);
    const [first] = file.rows.filter(({ isFresh }) => isFresh);
    const drafts = draftsOf(world, file);
    if (!first && !world.requested(requestKey(principal, requestId))) return answer(world, file, 0);
    const method = WorkService.method.importBeads;
    const decided = { bead: first?.uid ?? "", drafts };
    const { bead, repeated } = await mutate(ledger, method, request, context, () => decided);
    // Of an attempt that a crash cut short, what is missing is filed now.
    if (repeated && drafts.length > 0) await ledger.append(principal, drafts);
    return answer(world, file, createdSince(world, bead.uid, file));
  };
}

function answer(world: World, { rows, skipped }: File, created: number) {
  return {
    created,
    existing: rows.length - created,
    ids: rows.map(({ bead, uid }) => world.bead(uid)?.id ?? bead.id),
    skipped: [...skipped],
  };
}

/** How many beads the request made whose first bead this is: those created with it or after it. */
function createdSince(world: World, first: string, { rows }: File): number {
  const creationOf = (uid: string) => {
    const state = world.state(uid);
    return state && firstCreation(state);
  };
  const start = creationOf(first);
  if (!start) return 0;
  const made = rows.map(({ uid }) => creationOf(uid));
  return made.filter((each) => each && compareStamps(each.stamp, start.stamp) >= 0).length;
}

function draftsOf(world: World, { rows }: File): Draft[] {
  const resolve = resolver(world, rows);
  return rows.flatMap(({ bead, isFresh }) => (isFresh ? bead.drafts(resolve) : []));
}

/** A target's uid, in the file or in the ledger; else its id, which may arrive later. */
function resolver(world: World, rows: readonly Row[]): (id: string) => string {
  const uids = new Map(rows.map(({ bead, uid }) => [bead.id, uid]));
  return (id) => uids.get(id) ?? world.bead(id)?.uid ?? id;
}

/** Read every line. Throws `invalid` that names every bad one, or the cycle. */
function readFile(world: World, lines: readonly string[]): File {
  const rows: Row[] = [];
  const skipped: string[] = [];
  const violations: Violation[] = [];
  const places = new Map<string, number>();
  const enrolled = rigs(world);
  const prefixes = [townPrefix, ...enrolled.map(({ rig }) => rig.prefix)];
  for (const [index, text] of lines.entries()) {
    if (text.trim() === "") continue;
    const line = index + 1;
    const refuse = (description: string) => {
      violations.push({ field: `lines[${index}]`, description: `line ${line}: ${description}` });
    };
    const read = readLine(text, line, violations);
    if (read?.kind === "skipped") skipped.push(read.why);
    if (read?.kind !== "bead") continue;
    const { bead } = read;
    const before = places.get(bead.id);
    places.set(bead.id, before ?? line);
    const held = heldAs(world, bead);
    if (before !== undefined) refuse(`${bead.id} is on line ${before} already`);
    else if (!isEnrolledId(bead.id, enrolled)) {
      refuse(`no rig has the prefix of ${bead.id}; there are ${prefixes.join(", ")}`);
    } else if (held === "taken") refuse(`${bead.id} is the name of another bead here`);
    else rows.push({ bead, line, uid: held ?? bead.uid, isFresh: held === undefined });
  }
  const cycle = violations.length === 0 ? cycleOfRows(world, rows) : undefined;
  if (cycle) violations.push(cycle);
  if (violations.length === 0) return { rows, skipped };
  const words = violations.map(({ description }) => description).join("; ");
  throw new TownError("invalid", `nothing was filed: ${words}`, { violations });
}

function readLine(text: string, line: number, violations: Violation[]) {
  try {
    return readBeadsLine(text, line);
  } catch (error) {
    if (!isTownError(error, "invalid")) throw error;
    violations.push({ field: `lines[${line - 1}]`, description: error.message });
    return undefined;
  }
}

/** The uid under which the ledger holds a bead of the file already, if it does. */
function heldAs(world: World, bead: ImportedBead): string | undefined {
  if (world.bead(bead.uid)) return bead.uid;
  const named = world.bead(bead.id);
  if (!named) return undefined;
  const isSame = Date.parse(named.createdAt) === Date.parse(bead.createdAt);
  return isSame ? named.uid : "taken";
}

/** What has ended waits for nothing, so a circle through it holds nobody back. */
function cycleOfRows(world: World, rows: readonly Row[]): Violation | undefined {
  const resolve = resolver(world, rows);
  const fresh = rows.filter(({ bead, isFresh }) => isFresh && !bead.isEnded);
  const ended = new Set(rows.filter(({ bead }) => bead.isEnded).map(({ uid }) => uid));
  const beads = fresh.map(({ bead, uid }) => ({
    uid,
    id: bead.id,
    isEpic: bead.issueType === "epic",
    edges: bead.edges
      .map((edge) => ({ ...edge, to: resolve(edge.to) }))
      .filter(({ to }) => !ended.has(to)),
  }));
  const held = waitGraph(world, (bead) => bead.status !== "closed" && !bead.deleted);
  const cycle = cycleOf(held, world, beads);
  if (!cycle) return undefined;
  const line = rows.find(({ bead }) => cycle.includes(bead.id))?.line ?? 1;
  const description = `line ${line}: a cycle of dependencies: ${cycle.join(" → ")}`;
  return { field: `lines[${line - 1}]`, description };
}
