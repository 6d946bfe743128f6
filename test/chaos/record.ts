import { join } from "node:path";
import { runGit } from "#services/git/run-git.ts";
import { readTrailers } from "#services/git/trailers.ts";
import { type LedgerEvent, writerMachine } from "#services/ledger/event.ts";
import {
  foldLines,
  journalLines,
  type LedgerReading,
} from "../../deploy/local/verify/read-ledger.ts";
import { inOrder } from "../invariants/check.ts";
import type {
  Disk,
  Gate,
  Landed,
  Observation,
  RefMoved,
  Worker,
} from "../invariants/observation.ts";
import { defaultLimits, type Final, type RunRecord } from "../invariants/record.ts";
import { times } from "./fleet.ts";
import type { RefMove } from "./git-http.ts";
import { type History, readHistory } from "./history.ts";
import { homes, replicaOf } from "./judge.ts";
import { sessionsIn } from "./quiet.ts";
import type { Stage } from "./stage.ts";

const main = "refs/heads/main";
const chain = "refs/gastown/authority";

/** What real processes need beyond what a simulated town does: two cores are shared by all. */
const slackMs = 2_500;

/** Everything that was seen of a run which has been stopped, for the checker of invariants. */
export async function recordRun(stage: Stage, remote: LedgerReading): Promise<RunRecord> {
  await stage.journals.look();
  const moves = stage.git.moves().filter(({ repo }) => repo === "alpha");
  const history = await readHistory(
    stage,
    moves.flatMap(({ before, after }) => [before, after]),
  );
  const observations = [
    ...stage.observations(),
    ...appended(stage.journals.events()),
    ...(await workers(stage)),
    ...gates(remote, history),
    ...(await goneDisks(stage, remote)),
    ...(await refs(stage, moves, history)),
  ];
  return {
    limits: {
      ...defaultLimits,
      graceMs: times.graceMs,
      lostAfterMs: times.lostAfterMs,
      beatMs: times.heartbeatMs,
      slackMs,
    },
    observations: inOrder(observations),
    code: {
      alpha: {
        target: "main",
        gates: ["check"],
        start: history.start,
        contains: history.contains,
      },
    },
    finals: await finals(stage),
    ending: {
      atMs: Date.now(),
      waited: true,
      unfinished: [],
      gone: [...stage.lost()].map(({ machine }) => machine),
    },
  };
}

/** Their clocks are hybrid and of one host: in their order no effect stands before its cause. */
function appended(events: readonly LedgerEvent[]): Observation[] {
  return events
    .toSorted((a, b) => a.clock[0] - b.clock[0] || a.clock[1] - b.clock[1])
    .map((event) => ({
      kind: "appended",
      atMs: event.clock[0],
      by: writerMachine(event.writer),
      events: [event],
    }));
}

async function workers(stage: Stage): Promise<Worker[]> {
  const found: Worker[] = [];
  for (const machine of stage.fleet.machines.values()) {
    if (stage.lost().has(machine) && machine.name !== `machines/${machine.machine}`) continue;
    for (const { agent, bead, epoch, startedAtMs, endedAtMs } of await sessionsIn(machine)) {
      const of = { kind: "worker", machine: machine.machine, rig: "alpha", agent, bead, epoch };
      const worker = of as Omit<Worker, "what" | "atMs">;
      found.push({ ...worker, what: "started", atMs: startedAtMs });
      if (endedAtMs !== undefined) found.push({ ...worker, what: "ended", atMs: endedAtMs });
    }
  }
  return found;
}

/** With a disk goes what its machine had told nobody yet. */
async function goneDisks(stage: Stage, remote: LedgerReading): Promise<Disk[]> {
  const held = new Set(remote.events.map(({ hash }) => hash));
  for (const [, dir] of homes(stage)) {
    const { events } = await foldLines(await journalLines(join(dir, "journal")));
    for (const { hash } of events) held.add(hash);
  }
  const of = { kind: "disk", atMs: Date.now(), what: "gone", held, unsaved: [] } as const;
  return [...stage.lost()].map(({ machine }) => ({ ...of, machine }));
}

/** A request's results are written down at its end, so they count from the begin of the run. */
function gates({ events }: LedgerReading, { treeOf }: History): Gate[] {
  return events.flatMap(({ values }) => {
    const { fields } = values as { fields?: { "gt.gates"?: readonly GateResult[] } };
    return (fields?.["gt.gates"] ?? []).map(({ gate, commit, passed }): Gate => {
      const tree = treeOf.get(commit) ?? commit;
      return { kind: "gate", atMs: 0, rig: "alpha", gate, tree, passed };
    });
  });
}

type GateResult = { readonly gate: string; readonly commit: string; readonly passed: boolean };

async function refs(
  stage: Stage,
  moves: readonly RefMove[],
  history: History,
): Promise<Observation[]> {
  const hosts = new Map(
    [...stage.fleet.machines.values()].map(({ links, machine }) => [links.host, machine]),
  );
  const last = new Map([[main, history.start]]);
  const seen: Observation[] = [];
  for (const { atMs, ref, before, after, from, isTorn, isForward } of moves) {
    if (ref !== main && ref !== chain) continue;
    const was = last.get(ref) ?? "";
    last.set(ref, after);
    const of = { kind: "ref", atMs, remote: "alpha", ref } as const;
    // Whatever happened past our server was by people: a push, a rewind, a restored backup.
    if (was !== before) {
      const isOn = was === "" || history.contains(before, was);
      const by = { by: "a person", how: "human", isForward: isOn } as const;
      seen.push({ ...of, from: was, to: before, ...by });
    }
    const by = hosts.get(from) ?? "town";
    const landed = ref === main ? await landings(stage, { atMs, before, after, by }, history) : [];
    const how: RefMoved["how"] = isTorn ? "torn" : "ours";
    seen.push({ ...of, from: before, to: after, by, how, isForward }, ...landed);
  }
  const now = history.tip;
  const was = last.get(main) ?? "";
  if (now === was) return seen;
  const isForward = history.contains(now, was);
  const of = { remote: "alpha", ref: main, from: was, to: now, by: "a person", how: "human" };
  return [...seen, { kind: "ref", atMs: Date.now(), ...of, isForward } as RefMoved];
}

async function landings(
  { git }: Stage,
  push: { atMs: number; before: string; after: string; by: string },
  { treeOf }: History,
): Promise<Landed[]> {
  const { atMs, before, after, by } = push;
  const format = "--format=%H%n%B%x00";
  const args = ["log", "--reverse", "--first-parent", format, `${before}..${after}`];
  const cwd = git.dir("alpha");
  const { code, stdout } = await runGit(args, { cwd, okCodes: [0, 128] });
  if (code !== 0) return []; // The remote was restored since, and knows them no more.
  return stdout.split("\0").flatMap((text): Landed[] => {
    const [commit = "", ...message] = text.trim().split("\n");
    const trailers = readTrailers(message.join("\n"));
    const { "Gastown-Request": request, "Gastown-Bead": bead, "Gastown-Epoch": epoch } = trailers;
    if (!request || !bead || !epoch) return [];
    const of = { rig: "alpha", target: "main", commit, tree: treeOf.get(commit) ?? "" };
    return [{ kind: "landed", atMs, ...of, request, bead, epoch, by }];
  });
}

/** Each replica folds what it wrote itself first, then what the remote has. */
async function finals(stage: Stage): Promise<Final[]> {
  const found: Final[] = [];
  for (const [name, dir] of homes(stage)) {
    const own = await journalLines(join(dir, "journal"));
    const { world, events } = await foldLines(await replicaOf(stage, own));
    const hashes = new Set(events.map(({ hash }) => hash));
    found.push({ of: name.replace("machines/", ""), hashes, world });
  }
  return found;
}
