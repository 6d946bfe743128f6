import { compareStamps } from "#services/ledger/clock.ts";
import { type LedgerEvent, writerMachine } from "#services/ledger/event.ts";
import { machineField } from "#services/ledger/machines.ts";
import { rigField } from "#services/ledger/rigs.ts";
import { gatesField } from "#services/ledger/work-fields.ts";
import { inOrder } from "./check.ts";
import { fieldsOf } from "./facts.ts";
import type { Observation } from "./observation.ts";
import type { Code, Ending, Final, Limits, RunRecord } from "./record.ts";

/** One candidate of ours in the first-parent history of a target. */
export type LeftCommit = {
  readonly commit: string;
  readonly tree: string;
  readonly parent: string;
  /** As its trailers say; empty where it is somebody else's. */
  readonly request: string;
  readonly bead: string;
  readonly epoch: string;
};

/** A rig's code remote after the run. */
export type LeftCode = Code & {
  /** From the start to the tip, the oldest first. */
  readonly history: readonly LeftCommit[];
  /** The tree of each commit that is known. */
  readonly treeOf: ReadonlyMap<string, string>;
};

/** What a machine wrote down of one session. */
export type LeftSession = {
  readonly machine: string;
  readonly rig: string;
  readonly agent: string;
  readonly bead: string;
  readonly epoch: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number | undefined;
};

/** What is left of a run of real processes. */
export type Left = {
  readonly limits: Limits;
  /** Every event of every journal, in any order. */
  readonly events: readonly LedgerEvent[];
  readonly sessions: readonly LeftSession[];
  readonly code: Readonly<Record<string, LeftCode>>;
  readonly finals: readonly Final[];
  readonly ending: Ending;
  /** What whoever ran it has seen besides: processes, silences, faults. */
  readonly seen?: readonly Observation[];
};

/** Make a record of what a run of real processes left behind, as far as that goes. */
export function readRun(left: Left): RunRecord {
  const { limits, finals, ending, code, seen = [] } = left;
  const events = [...left.events].sort((a, b) => compareStamps(a.clock, b.clock) || a.seq - b.seq);
  const closedMs = mergedTimes(events);
  // Of one moment: what was tested, who ended, what landed, and only then who says so.
  const observations = inOrder([
    ...seen,
    ...events.flatMap((event) => factsOf(event, left)),
    ...left.sessions.flatMap((session) => sessionOf(session, ending.atMs)),
    ...Object.entries(code).flatMap(([rig, of]) =>
      of.history.flatMap((each) =>
        landingOf(rig, of, each, closedMs.get(each.commit) ?? ending.atMs),
      ),
    ),
    ...events.map((event): Observation => {
      return {
        kind: "appended",
        atMs: event.clock[0],
        by: writerMachine(event.writer),
        events: [event],
      };
    }),
  ]);
  return { limits, observations, code, finals, ending };
}

/** When each commit was first said to be merged. */
function mergedTimes(events: readonly LedgerEvent[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { op, values, clock } of events) {
    const commit = values["commit"];
    if (op !== "close" || values["kind"] !== "merged" || typeof commit !== "string") continue;
    if (!times.has(commit)) times.set(commit, clock[0]);
  }
  return times;
}

/** What an event says of the limits, and of what was tested. */
function factsOf(event: LedgerEvent, { code }: Left): Observation[] {
  const [fields, atMs] = [fieldsOf(event), event.clock[0]];
  const found: Observation[] = [];
  for (const [of, field] of [
    ["machine", machineField.name],
    ["rig", rigField.name],
  ] as const) {
    const value = fields[field] as { name?: string; polecatsMax?: number } | undefined;
    if (value?.name === undefined || value.polecatsMax === undefined) continue;
    found.push({ kind: "capacity", atMs, of, name: value.name, polecatsMax: value.polecatsMax });
  }
  const results = (fields[gatesField.name] ?? []) as readonly GateResult[];
  for (const { gate, commit, passed } of results) {
    for (const [rig, { treeOf }] of Object.entries(code)) {
      const tree = treeOf.get(commit);
      if (tree !== undefined) found.push({ kind: "gate", atMs, rig, gate, tree, passed });
    }
  }
  return found;
}

type GateResult = { readonly gate: string; readonly commit: string; readonly passed: boolean };

function landingOf(rig: string, { target }: Code, each: LeftCommit, atMs: number): Observation[] {
  const { commit, tree, parent, request, bead, epoch } = each;
  const isOurs = request !== "";
  const by = isOurs ? "refinery" : "somebody";
  const how = isOurs ? "ours" : "human";
  const moved: Observation = {
    ...{ kind: "ref", atMs, remote: rig, ref: `refs/heads/${target}`, by, how },
    ...{ from: parent, to: commit, isForward: true },
  };
  const landed = {
    kind: "landed",
    atMs,
    rig,
    target,
    commit,
    tree,
    request,
    bead,
    epoch,
    by,
  } as const;
  return isOurs ? [moved, landed] : [moved];
}

function sessionOf(session: LeftSession, overMs: number): Observation[] {
  const { machine, rig, agent, bead, epoch, startedAtMs, endedAtMs = overMs } = session;
  const worker = { kind: "worker", machine, rig, agent, bead, epoch } as const;
  return [
    { ...worker, what: "started", atMs: startedAtMs },
    { ...worker, what: "ended", atMs: endedAtMs },
  ];
}
