import { type Bead, textField } from "#services/ledger/bead.ts";
import type { ClaimRecord } from "#services/ledger/bead-state.ts";
import { claimEpoch, compareEpochs } from "#services/ledger/epoch.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { ancestors } from "#services/ledger/readiness.ts";
import { mergeField, mergeStateField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";

/** Where the time of one closed bead went, in ms; undefined where it never came to that. */
export type Timeline = {
  /** Since the Unix epoch. */
  readonly closedMs: number;
  /** From its creation to its close. */
  readonly leadMs: number;
  /** From its first claim to its close. */
  readonly cycleMs: number | undefined;
  /** From when nothing held it back any more to its first claim. */
  readonly waitingMs: number | undefined;
  /** From its claims to their merge requests, or to the end of the attempt. */
  readonly workingMs: number | undefined;
  readonly gatesMs: number | undefined;
  /** Submitted, and not tested. */
  readonly queueMs: number | undefined;
};

type Source = Pick<Ledger, "world" | "history">;

const waitTypes = new Set(["blocks", "conditional-blocks", "waits-for"]);

/** Where the time of one bead went; undefined while it is open. Pure over the ledger. */
export function timelineOf(bead: Bead, { world, history }: Source): Timeline | undefined {
  if (bead.closedAt === undefined) return undefined;
  const closedMs = Date.parse(bead.closedAt);
  const createdMs = Date.parse(bead.createdAt);
  if (Number.isNaN(closedMs) || Number.isNaN(createdMs)) return undefined;
  const claims = claimsOf(bead, world);
  const first = claims[0]?.stamp[0];
  const requests = world.ofWork(bead.uid).filter((each) => each.issueType === "merge-request");
  const spent = requests.map((request) => spentIn(request, history));
  const queued = requests.length > 0;
  return {
    closedMs,
    leadMs: Math.max(0, closedMs - createdMs),
    cycleMs: first === undefined ? undefined : Math.max(0, closedMs - first),
    waitingMs: first === undefined ? undefined : waited(bead, world, createdMs, first),
    workingMs: claims.length === 0 ? undefined : worked(bead, claims, requests, world),
    gatesMs: queued ? sum(spent.map(({ gatesMs }) => gatesMs)) : undefined,
    queueMs: queued ? sum(spent.map(({ queueMs }) => queueMs)) : undefined,
  };
}

/** Its claims, the lowest epoch first. */
function claimsOf(bead: Bead, world: World): ClaimRecord[] {
  const claims = [...(world.state(bead.uid)?.claims.values() ?? [])];
  return claims.sort((a, b) => compareEpochs(a.epoch, b.epoch));
}

/** Time from when all that it waited for was over, by the edges that it has now. */
function waited(bead: Bead, world: World, createdMs: number, claimedMs: number): number {
  let readyMs = createdMs;
  const notLater = (time: string | undefined) => {
    const ms = Date.parse(time ?? "");
    if (ms <= claimedMs) readyMs = Math.max(readyMs, ms);
  };
  for (const each of [bead, ...ancestors(bead, world)]) {
    notLater(textField(each, "defer_until"));
    for (const { type, uid } of each.dependencies) {
      if (waitTypes.has(type) && uid !== undefined) notLater(world.bead(uid)?.closedAt);
    }
  }
  return Math.max(0, claimedMs - readyMs);
}

function worked(
  bead: Bead,
  claims: readonly ClaimRecord[],
  requests: readonly Bead[],
  world: World,
): number {
  const releases = world.state(bead.uid)?.releases;
  const lengths = claims.map(({ epoch, stamp }, at) => {
    const request = requests.find((each) => {
      const merge = mergeField.read(each);
      return merge !== undefined && claimEpoch(merge.epoch) === epoch;
    });
    const ends = [
      Date.parse(request?.createdAt ?? ""),
      releases?.get(epoch)?.stamp[0],
      claims[at + 1]?.stamp[0],
      Date.parse(bead.closedAt ?? ""),
    ].filter((ms): ms is number => ms !== undefined && !Number.isNaN(ms));
    return Math.max(0, Math.min(...ends) - stamp[0]);
  });
  return sum(lengths);
}

/** How long a merge request was tested, and how long it waited for that. */
function spentIn(
  request: Bead,
  history: Source["history"],
): { readonly gatesMs: number; readonly queueMs: number } {
  const spent = { gatesMs: 0, queueMs: 0 };
  let state = "";
  let sinceMs = 0;
  const pass = (untilMs: number) => {
    const lengthMs = Math.max(0, untilMs - sinceMs);
    if (state === "testing") spent.gatesMs += lengthMs;
    else if (["queued", "conflict", "held"].includes(state)) spent.queueMs += lengthMs;
    sinceMs = untilMs;
  };
  for (const { op, values, clock } of history(request.uid)) {
    const [ms] = clock;
    if (op === "close") {
      pass(ms);
      state = "";
    }
    const fields = values["fields"];
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) continue;
    const next = fields[mergeStateField.name];
    if (typeof next !== "string") continue;
    pass(ms);
    state = next;
  }
  return spent;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
