import { claimEpoch, compareEpochs, parseEpoch } from "#services/ledger/epoch.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import { lostField, machineField } from "#services/ledger/machines.ts";
import { workField } from "#services/ledger/work-fields.ts";
import type { Judge } from "./court.ts";
import type { Landed, RefMoved, Silence, Worker } from "./observation.ts";
import type { Code, Limits } from "./record.ts";

/** One acknowledged claim. */
export type Claimed = {
  readonly epoch: string;
  readonly atMs: number;
  /** The machine whose process appended it. */
  readonly by: string;
  readonly writer: string;
  readonly machine: string;
  readonly polecat: string;
  readonly steps: Readonly<Record<string, unknown>>;
};

/** What several judges need to know of the run so far. */
export class Facts {
  readonly limits: Limits;
  readonly code: Readonly<Record<string, Code>>;
  /** By bead, in the order of acknowledgement. */
  readonly claims = new Map<string, Claimed[]>();
  /** `<bead> <claim's epoch>` of the attempts that were ended by a release. */
  readonly released = new Set<string>();
  /** By bead: when it was last reopened. */
  readonly reopenedMs = new Map<string, number>();
  /** Every bead that an acknowledged event was of. */
  readonly beads = new Set<string>();
  /** Landings that their target still contains, by bead. */
  readonly landed = new Map<string, Landed[]>();
  /** The commits of those landings. */
  readonly landedCommits = new Set<string>();
  /** Where each rig's target stands. */
  readonly tips = new Map<string, string>();
  /** When somebody else took a rig's target back last. */
  readonly takenBackMs = new Map<string, number>();
  /** Processes that work now. */
  readonly running = new Map<string, Worker>();
  /** The name of the machine that a bead keeps. */
  readonly machines = new Map<string, string>();
  /** Machines that the town holds for lost. */
  readonly lost = new Set<string>();
  /** The work of each merge request. */
  readonly works = new Map<string, string>();
  /** The last silence of each machine. */
  readonly silences = new Map<string, { sinceMs: number; untilMs: number | undefined }>();
  /** When each process last wrote: who is off the bus may be heard over git all the same. */
  readonly wroteMs = new Map<string, number>();

  constructor(limits: Limits, code: Readonly<Record<string, Code>>) {
    this.limits = limits;
    this.code = code;
    for (const [rig, { start }] of Object.entries(code)) this.tips.set(rig, start);
  }

  /** The highest of a bead's acknowledged claims. */
  highest(bead: string): Claimed | undefined {
    let top: Claimed | undefined;
    for (const claim of this.claims.get(bead) ?? []) {
      if (!top || compareEpochs(claim.epoch, top.epoch) > 0) top = claim;
    }
    return top;
  }

  /** Whether a worker's attempt is the one that counts. */
  isEffective({ bead, epoch }: Worker): boolean {
    const claim = claimEpoch(epoch);
    return this.highest(bead)?.epoch === claim && !this.released.has(`${bead} ${claim}`);
  }

  /** The uid of the bead that was landed: commits name it by its id. */
  workOf({ request, bead }: Pick<Landed, "request" | "bead">): string {
    return this.works.get(request) ?? bead;
  }

  /** Whether a rig's target has a commit now. */
  isIn(rig: string, commit: string): boolean {
    const tip = this.tips.get(rig);
    return tip !== undefined && (this.code[rig]?.contains(tip, commit) ?? false);
  }

  /** Whether any rig's target has it. */
  isInAny(commit: string): boolean {
    return Object.keys(this.code).some((rig) => this.isIn(rig, commit));
  }
}

/** The judge that keeps the facts; it hears everything after the others. */
export function keepFacts(facts: Facts): Judge {
  return {
    hears: {
      appended: ({ events, by, atMs }) => {
        facts.wroteMs.set(by, atMs);
        for (const { bead } of events) facts.beads.add(bead);
      },
      worker: (seen) => noteWorker(facts, seen),
      ref: (seen) => noteRef(facts, seen),
      landed: (seen) => {
        facts.landedCommits.add(seen.commit);
        entry(facts.landed, facts.workOf(seen)).push(seen);
      },
      silence: (seen) => noteSilence(facts, seen),
    },
    events: {
      create: (event) => {
        const work = fieldsOf(event)[workField.name];
        if (typeof work === "string") facts.works.set(event.bead, work);
        noteMachine(facts, event);
      },
      set: (event) => noteMachine(facts, event),
      claim: (event, { atMs, by }) => {
        const { epoch = "0.0", writer, values } = event;
        const { machine, polecat, cursor } = values as Record<string, unknown>;
        const steps = (cursor as { steps?: Record<string, unknown> } | undefined)?.steps ?? {};
        const of = { machine: String(machine), polecat: String(polecat), steps };
        entry(facts.claims, event.bead).push({ epoch: claimEpoch(epoch), atMs, by, writer, ...of });
      },
      release: ({ bead, epoch = "0.0" }) => void facts.released.add(`${bead} ${claimEpoch(epoch)}`),
      reopen: ({ bead }, { atMs }) => void facts.reopenedMs.set(bead, atMs),
    },
  };
}

/** The list under a key, made where there is none. */
export function entry<T>(lists: Map<string, T[]>, key: string): T[] {
  const held = lists.get(key);
  if (held) return held;
  const made: T[] = [];
  lists.set(key, made);
  return made;
}

/** The term of an epoch. */
export function termOf(epoch: string): number {
  return parseEpoch(epoch).term;
}

/** The fields that an event writes, if it does. */
export function fieldsOf({ values }: LedgerEvent): Readonly<Record<string, unknown>> {
  return (values["fields"] ?? {}) as Record<string, unknown>;
}

/** The host that a worker runs on: of two machines with one name each has its own. */
export function hostOf({ machine, host = machine }: Worker): string {
  return host;
}

/** A worker's place among those that run. */
export function workerKey(worker: Worker): string {
  const { agent, bead, epoch } = worker;
  return `${hostOf(worker)} ${agent} ${bead} ${epoch}`;
}

function noteWorker({ running }: Facts, seen: Worker): void {
  if (seen.what === "started") running.set(workerKey(seen), seen);
  if (seen.what === "ended") running.delete(workerKey(seen));
}

function noteRef(facts: Facts, { remote, ref, to, how, isForward, atMs }: RefMoved): void {
  const code = facts.code[remote];
  if (!code || ref !== `refs/heads/${code.target}`) return;
  facts.tips.set(remote, to);
  if (isForward) return;
  if (how !== "ours") facts.takenBackMs.set(remote, atMs);
  for (const [bead, landed] of facts.landed) {
    const left = landed.filter(({ rig, commit }) => rig !== remote || facts.isIn(rig, commit));
    for (const { commit } of landed) facts.landedCommits.delete(commit);
    for (const { commit } of left) facts.landedCommits.add(commit);
    facts.landed.set(bead, left);
  }
}

function noteSilence({ silences }: Facts, { machine, isSilent, atMs }: Silence): void {
  const last = silences.get(machine);
  if (isSilent && last?.untilMs !== undefined) silences.set(machine, open(atMs));
  else if (isSilent && !last) silences.set(machine, open(atMs));
  else if (!isSilent && last && last.untilMs === undefined) last.untilMs = atMs;
}

function open(sinceMs: number): { sinceMs: number; untilMs: number | undefined } {
  return { sinceMs, untilMs: undefined };
}

function noteMachine(facts: Facts, event: LedgerEvent): void {
  const fields = fieldsOf(event);
  const machine = fields[machineField.name] as { name?: string } | undefined;
  if (machine?.name !== undefined) facts.machines.set(event.bead, machine.name);
  const lost = fields[lostField.name];
  const name = facts.machines.get(event.bead);
  if (lost === undefined || name === undefined) return;
  if (lost === null) facts.lost.delete(name);
  else facts.lost.add(name);
}
