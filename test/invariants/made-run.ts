import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import {
  claimBead,
  closeBead,
  createBead,
  forRequest,
  setFields,
} from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { requestKey } from "#services/ledger/ids.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import type { Observation } from "./observation.ts";
import { type Code, defaultLimits, type RunRecord } from "./record.ts";
import { finalOf, recordLedger } from "./record-ledger.ts";
import { Recorder } from "./recorder.ts";

const madeRequest = requestKey("overseer", "r-1");

const nux = "rigs/alpha/polecats/nux";

/** Commits `c0`, `c1`, …, each on top of the one before. */
const madeCode: Code = {
  target: "main",
  gates: ["test"],
  start: "c0",
  contains: (tip, commit) => number(commit) <= number(tip),
};

/** A run in the making: ledgers that are recorded, one clock, and hands to note the rest. */
export type Making = {
  readonly recorder: Recorder;
  readonly town: Ledger;
  readonly machine: Ledger;
  readonly note: (seen: Unstamped) => void;
  readonly wait: (ms: number) => void;
  /** Give each what the other wrote. */
  readonly share: () => void;
  readonly end: (unfinished?: readonly string[]) => RunRecord;
};

type Unstamped = Observation extends infer Each
  ? Each extends Observation
    ? Omit<Each, "atMs">
    : never
  : never;

/** Begin a run of a town and the machine vm-a, which has the authority of rig alpha. */
async function begin(): Promise<Making> {
  const recorder = new Recorder(defaultLimits, { alpha: madeCode });
  let atMs = 100_000;
  const nowMs = () => atMs;
  const open = async (name: string) => {
    const options = { dir: `/${name}`, machine: name, disk: new MemoryDisk(), nowMs };
    return recordLedger(await openLedger(options), { recorder, by: name, nowMs });
  };
  const [town, machine] = [await open("town"), await open("vm-a")];
  return {
    recorder,
    town,
    machine,
    note: (seen) => recorder.see({ ...seen, atMs } as Observation),
    wait: (ms) => {
      atMs += ms;
    },
    share: () => {
      const lines = [town, machine].map((each) => [...each.log()].map(({ line }) => line));
      machine.receive(lines[0] ?? [], "town");
      town.receive(lines[1] ?? [], "vm-a");
    },
    end: (unfinished = []) => {
      const finals = [finalOf("town", town), finalOf("vm-a", machine)];
      return recorder.finish(finals, { atMs, waited: true, unfinished, gone: [] }).record;
    },
  };
}

/**
 * A run in which one bead is asked for, worked and landed, and all goes well.
 *
 * @param more what happens besides, before the replicas share their last events
 */
export async function makeRun(
  more: (making: Making) => Promise<void> = async () => {},
): Promise<RunRecord> {
  const making = await begin();
  await setUp(making);
  await work(making);
  await land(making);
  await leave(making);
  await more(making);
  making.share();
  return making.end();
}

/** The town, its machines, and one bead. */
async function setUp({ town, note, wait, share }: Making): Promise<void> {
  note({ kind: "process", of: "town", isUp: true });
  note({ kind: "capacity", of: "machine", name: "vm-a", polecatsMax: 1 });
  note({ kind: "capacity", of: "rig", name: "alpha", polecatsMax: 1 });
  await town.append("overseer", [rig(), machineBead("vm-a"), machineBead("vm-b")]);
  await town.append("overseer", forRequest(madeRequest, [bead("a1")]));
  const answer = { principal: "overseer", request: madeRequest, result: "al-a1" };
  note({ kind: "answered", at: "town", ...answer });
  note({ kind: "answered", at: "vm-a", ...answer });
  note({ kind: "watched", watch: "w", what: "from", position: 0 });
  note({ kind: "watched", watch: "w", what: "event", position: 1 });
  note({ kind: "watched", watch: "w", what: "event", position: 2 });
  note({ kind: "watched", watch: "w", what: "end", position: 2 });
  share();
  wait(1_000);
}

/** The bead is claimed, and its worker does one step and submits. */
async function work({ machine, note, wait }: Making): Promise<void> {
  await machine.append("rigs/alpha/authority", [
    setFields("rig-alpha", { "gt.authority": { machine: "vm-a", term: 1 } }),
    claimBead("a1", "1.1", { machine: "vm-a", polecat: nux }),
  ]);
  wait(1_000);
  note({ kind: "worker", what: "started", ...worker });
  note({ kind: "effect", what: "step", ...worker, of: "s1", accepted: true });
  wait(1_000);
  note({ kind: "effect", what: "submit", ...worker, of: "mr", accepted: true });
  note({ kind: "access", by: nux, to: "rigs/beta", mayReach: false, reached: false });
}

/** The gates pass, the target moves, request and bead are closed. */
async function land({ machine, note, wait }: Making): Promise<void> {
  note({ kind: "gate", rig: "alpha", gate: "test", tree: "t1", passed: true });
  wait(1_000);
  note({ kind: "ref", ...toMain, from: "c0", to: "c1", how: "ours", isForward: true });
  note({ kind: "landed", ...landing, commit: "c1", holds: true });
  const closing = { close: "merged:mr:c1", kind: "merged", reason: "landed", commit: "c1" };
  await machine.append("rigs/alpha/refinery", [closeBead("a1", closing)]);
  // Something happens to it afterwards, and it stays closed.
  await machine.append("mayor", [setFields("a1", { notes: "seen" })]);
}

/** The worker ends; a drain is done; another machine falls silent for long, and is lost. */
async function leave({ machine, town, note, wait }: Making): Promise<void> {
  note({ kind: "destroyed", what: "worktree", ...worker, ...made, held: ["w1"], isFree: false });
  note({ kind: "worker", what: "stuck", ...worker });
  note({ kind: "worker", what: "ended", ...worker });
  const done = { id: "d1", at: "2026-01-01T00:00:00Z" };
  await machine.append("machines/vm-a", [setFields("m-vm-a", { "gt.drained": done })]);
  note({ kind: "wiped", what: "clone", of: "vm-a" });
  note({ kind: "silence", machine: "vm-b", isSilent: true, why: "killed" });
  wait(61_000);
  const lost = { sinceAt: "2026-01-01T00:00:00Z", why: "not heard" };
  await town.append("deacon", [setFields("m-vm-b", { "gt.lost": lost })]);
  note({ kind: "silence", machine: "vm-b", isSilent: false, why: "" });
  wait(1_000);
}

/** The worker of the made run. */
export const worker = {
  machine: "vm-a",
  rig: "alpha",
  agent: nux,
  bead: "a1",
  epoch: "1.1.0",
} as const;

const made = { work: ["w1"] };

const toMain = { remote: "alpha", ref: "refs/heads/main", by: "vm-a" } as const;

/** The landing of the made run, but for its commit. */
const landing = {
  rig: "alpha",
  target: "main",
  tree: "t1",
  request: "mr",
  bead: "a1",
  epoch: "1.1.0",
  by: "vm-a",
  term: 1,
} as const;

/** A bead of rig alpha that somebody asked for. */
export function bead(uid: string): Draft {
  return createBead({ uid, id: `al-${uid}`, title: uid, fields: { "gt.sling": { by: "me" } } });
}

function rig(): Draft {
  const fields = { "gt.rig": { name: "alpha", prefix: "al", remote: "r", target: "main" } };
  const kept = { uid: "rig-alpha", id: "hq-rig-alpha", title: "alpha", issueType: "rig" };
  return createBead({ ...kept, fields });
}

function machineBead(name: string): Draft {
  const fields = { "gt.machine": { name, polecatsMax: 1 } };
  const kept = { uid: `m-${name}`, id: `hq-machine-${name}`, title: name, issueType: "machine" };
  return createBead({ ...kept, fields });
}

function number(commit: string): number {
  return Number(commit.slice(1));
}
