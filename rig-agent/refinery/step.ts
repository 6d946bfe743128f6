import type { Draft } from "#services/ledger/event.ts";
import { type Rig, termBranch } from "#services/ledger/rigs.ts";
import type { Built, Lane, Step } from "#services/merge-queue/next.ts";
import {
  held,
  landed,
  refineryOf,
  rejected,
  tested,
  testing,
  withdrawn,
} from "#services/merge-queue/outcome.ts";
import type { QueuedRequest } from "#services/merge-queue/queue.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import type { Term } from "../authority/terms.ts";
import type { LaneMemory } from "./lane.ts";
import type { RefineryLimits, RefineryNews, RefineryPorts } from "./ports.ts";

/** One step of a request: what it needs, and what it may change for the next one. */
export type Work = {
  readonly ports: RefineryPorts;
  readonly limits: RefineryLimits;
  readonly memory: LaneMemory;
  readonly signal: AbortSignal;
  readonly rig: string;
  readonly uid: string;
  /** The rig as its bead says it now: its gates and its set-up. */
  readonly rules: Rig;
  target: Lane["target"];
  moves: number;
};

/** Do one step; true where the lane is done with the request. */
export async function takeStep(
  work: Work,
  request: QueuedRequest,
  term: Term,
  step: Exclude<Step, { do: "wait" }>,
): Promise<boolean> {
  const { ports, memory, uid, rig } = work;
  const { world } = ports.ledger;
  switch (step.do) {
    case "fetch": {
      const place = { repoDir: term.repoDir, signal: work.signal };
      const branches = [request.merge.target, request.merge.branch];
      const [commit] = await ports.code.fetchBranches(place, branches);
      work.target = { commit };
      return false;
    }
    case "build":
      await build(work, request, term, step.onto);
      return false;
    case "test":
      await test(work, request, term, step);
      return false;
    case "land":
      return land(work, request, term, step);
    case "withdraw":
      await write(work, withdrawn(world, request, step.why));
      tell(work, request, { event: "withdrawn", detail: step.why });
      return true;
    case "reject": {
      const results = memory.attempts.get(uid)?.results ?? [];
      await write(work, rejected(world, request, { as: step.as, why: step.why, results }));
      tell(work, request, { event: step.as, detail: step.why });
      return true;
    }
    case "hold":
      memory.refusals.delete(uid);
      memory.heldUntilMs.set(uid, ports.nowMs() + work.limits.heldRetryMs);
      await write(work, held(world, request, step.why));
      tell(work, request, { event: "held", detail: `${rig}: ${step.why}` });
      return true;
  }
}

async function build(work: Work, request: QueuedRequest, term: Term, onto: string): Promise<void> {
  const { ports, memory, uid } = work;
  const { gates } = work.rules;
  let built: Built;
  try {
    built = await ports.code.build(term.repoDir, request, onto);
  } catch (error) {
    if (!isTownError(error, "not_found", "invalid")) throw error;
    const { branch, commit } = request.merge;
    const why = `${branch} at ${commit} cannot be merged: ${error.message}`;
    // Neither changes by trying again: no such commit, or a history of its own.
    const isLasting = error.reason === "not_found" || /unrelated histories/.test(error.message);
    if (!isLasting) return refuse(work, request, why);
    built = { kind: "unusable", why };
  }
  memory.attempts.set(uid, { base: onto, built, gates, results: [] });
  if (built.kind !== "candidate") return;
  await write(work, testing(request));
  tell(work, request, { event: "testing", commit: built.commit });
}

async function test(
  work: Work,
  request: QueuedRequest,
  term: Term,
  { commit, gate }: Extract<Step, { do: "test" }>,
): Promise<void> {
  const { ports, memory, uid, rig, signal } = work;
  const path = ports.gateDir(rig);
  const { setup } = work.rules;
  const result = await ports.test({ repoDir: term.repoDir, path, commit, setup, gate }, signal);
  signal.throwIfAborted(); // A gate that was stopped with us says nothing about the commit.
  const attempt = memory.attempts.get(uid);
  if (!attempt) return;
  const results = [...attempt.results, result];
  memory.attempts.set(uid, { ...attempt, results });
  await write(work, tested(request, results));
  const said = `${result.gate} ${result.passed ? "passed" : "failed"} in ${result.elapsedMs} ms`;
  tell(work, request, { event: "gate", commit, detail: said });
}

async function land(
  work: Work,
  request: QueuedRequest,
  term: Term,
  { commit, onto }: Extract<Step, { do: "land" }>,
): Promise<boolean> {
  const { ports, memory, rig, uid, signal } = work;
  const { merge, beadId } = request;
  const landing = { commit, request: uid, bead: beadId, epoch: merge.epoch };
  const onMain = termBranch(work.rules);
  const place = { repoDir: term.repoDir, signal, target: merge.target, onMain };
  const wanted = { ...place, expectedMain: onto, tip: term.tip, landings: [landing] };
  const outcome = await ports.code.land(wanted);
  switch (outcome.kind) {
    case "landed":
      ports.terms.advance(rig, outcome.tip);
      // A disk that takes no more leaves it open here; the chain has to be read again then.
      memory.reconciled = undefined;
      await write(work, landed(ports.ledger.world, uid, commit) ?? []);
      memory.reconciled = term.term;
      tell(work, request, { event: "landed", commit });
      return true;
    case "fenced": {
      ports.terms.lose(rig);
      const holder = outcome.holder ?? "nobody";
      const detail = `term ${outcome.term} is held by ${holder}`;
      tell(work, request, { event: "fenced", commit, detail });
      return true;
    }
    case "target-moved":
      ports.terms.advance(rig, outcome.tip);
      work.target = { commit: outcome.main };
      work.moves += 1;
      tell(work, request, { event: "target-moved", detail: `to ${outcome.main ?? "nothing"}` });
      return false;
    case "refused":
      ports.terms.advance(rig, outcome.tip);
      refuse(work, request, outcome.why);
      return false;
    case "unknown":
      // It may have arrived: nothing goes on before chain and target were read.
      memory.reconciled = undefined;
      throw new TownError("unavailable", `${request.id}: ${outcome.why}`);
  }
}

/** Try again a little later, and after some tries put it on hold. */
function refuse({ ports, memory, limits, rig, uid }: Work, request: QueuedRequest, why: string) {
  const count = (memory.refusals.get(uid)?.count ?? 0) + 1;
  memory.refusals.set(uid, { count, why, retryAtMs: ports.nowMs() + limits.refusedRetryMs });
  tell({ ports, rig }, request, { event: "refused", detail: why });
}

async function write({ ports, rig }: Work, drafts: readonly Draft[]): Promise<void> {
  await ports.ledger.append(refineryOf(rig), drafts);
}

function tell(
  { ports, rig }: Pick<Work, "ports" | "rig">,
  { id, beadId, merge }: QueuedRequest,
  news: Pick<RefineryNews, "event" | "commit" | "detail">,
): void {
  ports.tell({ rig, request: id, bead: beadId, epoch: merge.epoch, ...news });
}
