import type { Landing } from "#services/git/authority-chain.ts";
import { rigNamed } from "#services/ledger/rigs.ts";
import {
  type Attempt,
  type Lane,
  laneLimits,
  nextStep,
  type Refusal,
} from "#services/merge-queue/next.ts";
import { refineryOf } from "#services/merge-queue/outcome.ts";
import { headOf, mergeQueue, type QueuedRequest } from "#services/merge-queue/queue.ts";
import type { Term } from "../authority/terms.ts";
import type { RefineryLimits, RefineryPorts } from "./ports.ts";
import { closeLandings, reconcileChain } from "./reconcile.ts";
import { takeStep, type Work } from "./step.ts";

const defaults: RefineryLimits = {
  ...laneLimits,
  refusedRetryMs: 10_000,
  heldRetryMs: 60_000,
};

/**
 * What a lane remembers between rounds. All of it may be lost at any moment: the ledger, the chain
 * and the target say where to go on, and only a test may have to be run again.
 */
export type LaneMemory = {
  /** The term whose chain was reconciled; undefined after a landing whose end is not known. */
  reconciled: number | undefined;
  /** Landings that stand, whose beads have not arrived in this ledger yet. */
  pending: readonly Landing[];
  /** Candidates and what their gates said, by request: kept while one is refused or held. */
  readonly attempts: Map<string, Attempt>;
  readonly refusals: Map<string, Refusal>;
  /** When a request that is on hold is tried again. */
  readonly heldUntilMs: Map<string, number>;
};

/** A lane that has not worked yet. */
export function newLane(): LaneMemory {
  return {
    reconciled: undefined,
    pending: [],
    attempts: new Map(),
    refusals: new Map(),
    heldUntilMs: new Map(),
  };
}

/** One round of one rig: land, reject or hold requests until none can go on now. */
export async function workLane(
  ports: RefineryPorts,
  rig: string,
  memory: LaneMemory,
  signal: AbortSignal,
): Promise<void> {
  const { terms, ledger } = ports;
  const term = terms.of(rig);
  if (!term || !(await catchUp(ports, term, memory, signal))) return;
  forgetSettled(memory, mergeQueue(ledger.world, rig));
  while (!signal.aborted && terms.of(rig)?.term === term.term) {
    const queue = mergeQueue(ledger.world, rig);
    const isDue = (uid: string) => ports.nowMs() >= (memory.heldUntilMs.get(uid) ?? 0);
    const head = headOf(queue, refineryOf(rig), isDue);
    if (!head) return;
    if (!(await workRequest(ports, memory, head, signal))) return;
  }
}

/** Reconcile chain and target where that was not done under this term; false where it is lost. */
async function catchUp(
  ports: RefineryPorts,
  term: Term,
  memory: LaneMemory,
  signal: AbortSignal,
): Promise<boolean> {
  const { rig } = term;
  if (memory.reconciled === term.term) {
    memory.pending = await closeLandings(ports, rig, memory.pending);
    return true;
  }
  const seen = await reconcileChain(ports, term, signal);
  if (seen.kind === "fenced") {
    ports.terms.lose(rig);
    ports.tell({ event: "fenced", rig, detail: seen.why });
    return false;
  }
  ports.terms.advance(rig, seen.tip);
  memory.pending = seen.pending;
  memory.reconciled = term.term;
  return true;
}

function forgetSettled(memory: LaneMemory, queue: readonly QueuedRequest[]): void {
  const live = new Set(queue.map(({ uid }) => uid));
  for (const map of [memory.attempts, memory.refusals, memory.heldUntilMs]) {
    for (const uid of map.keys()) if (!live.has(uid)) map.delete(uid);
  }
}

/** Work on one request to its end; false where the lane has to wait with it. */
async function workRequest(
  ports: RefineryPorts,
  memory: LaneMemory,
  head: QueuedRequest,
  signal: AbortSignal,
): Promise<boolean> {
  const { uid, merge } = head;
  const { rig } = merge;
  const limits = { ...defaults, ...ports.limits };
  let [target, moves]: [Lane["target"], number] = [undefined, 0];
  for (;;) {
    signal.throwIfAborted();
    // Read anew before each step: the ledger goes on while gates run.
    const request = mergeQueue(ports.ledger.world, rig).find((each) => each.uid === uid);
    const term = ports.terms.of(rig);
    if (!request) return true;
    const enrolled = rigNamed(ports.ledger.world, rig);
    // Without its bead nobody knows its gates, and nothing lands untested.
    if (!enrolled || !term || term.term !== memory.reconciled) return false;
    const attempt = memory.attempts.get(uid);
    const refusal = memory.refusals.get(uid);
    const nowMs = ports.nowMs();
    const step = nextStep({ request, target, attempt, refusal, moves, nowMs }, limits);
    if (step.do === "wait") return false;
    const { rig: rules } = enrolled;
    const work: Work = { ports, limits, memory, signal, rig, uid, rules, target, moves };
    if (await takeStep(work, request, term, step)) return true;
    ({ target, moves } = work);
  }
}
