import type { Gate } from "#services/ledger/rigs.ts";
import type { GateResult } from "#services/ledger/work-fields.ts";
import type { QueuedRequest } from "./queue.ts";

/** What came of building a request's candidate on one commit of the target. */
export type Built =
  | { readonly kind: "candidate"; readonly commit: string }
  | { readonly kind: "conflict"; readonly paths: readonly string[] }
  | { readonly kind: "empty" }
  /** The branch or its commit is not there, or it shares no history with the target. */
  | { readonly kind: "unusable"; readonly why: string };

/** One try to land a request: on what it was built, and what its gates said so far. */
export type Attempt = {
  readonly base: string;
  readonly built: Built;
  /** The rig's gates when it was built. */
  readonly gates: readonly Gate[];
  /** In the order of the gates; a failed set-up stands for all of them. */
  readonly results: readonly GateResult[];
};

/** What the remote said when it refused to let a tested candidate in. */
export type Refusal = {
  readonly count: number;
  readonly why: string;
  /** When to try again. */
  readonly retryAtMs: number;
};

/** One lane with the request that it works on. */
export type Lane = {
  readonly request: QueuedRequest;
  /** The target as it was fetched last; undefined before that, `commit` undefined: it is gone. */
  readonly target: { readonly commit: string | undefined } | undefined;
  readonly attempt: Attempt | undefined;
  readonly refusal: Refusal | undefined;
  /** How often the target moved away under this request since the round began. */
  readonly moves: number;
  readonly nowMs: number;
};

/** Bounds of a lane. */
export type LaneLimits = {
  /** Refusals after which a request is put on hold. */
  readonly refusalsMax: number;
  /** Rebuilds in one round because the target moved. */
  readonly movesMax: number;
};

/** What a lane does next. */
export type Step =
  | { readonly do: "wait"; readonly why: string }
  /** It counts no more: settle it without a mark against its bead. */
  | { readonly do: "withdraw"; readonly why: string }
  | { readonly do: "fetch" }
  | { readonly do: "build"; readonly onto: string }
  | { readonly do: "test"; readonly commit: string; readonly gate: Gate }
  | { readonly do: "land"; readonly commit: string; readonly onto: string }
  | { readonly do: "reject"; readonly as: "rejected" | "conflict"; readonly why: string }
  | { readonly do: "hold"; readonly why: string };

/** Default bounds of a lane. */
export const laneLimits: LaneLimits = { refusalsMax: 3, movesMax: 5 };

/**
 * What a lane does next with its request. Asked again after each step, with the ledger as it is
 * then, so that the epoch is also checked as a landing push starts.
 */
export function nextStep(lane: Lane, limits: LaneLimits = laneLimits): Step {
  const { request, target, attempt, refusal, moves, nowMs } = lane;
  if (request.stale !== undefined) return { do: "withdraw", why: request.stale };
  if (request.waitsFor.length > 0) {
    return { do: "wait", why: `waits for ${request.waitsFor.join(", ")}` };
  }
  const held = request.heldBy !== undefined;
  if (refusal && (held || refusal.count >= limits.refusalsMax)) {
    return { do: "hold", why: refusal.why };
  }
  if (refusal && nowMs < refusal.retryAtMs) return { do: "wait", why: refusal.why };
  if (!target) return { do: "fetch" };
  const onto = target.commit;
  if (onto === undefined) {
    return { do: "hold", why: `the remote has no branch ${request.merge.target}` };
  }
  if (moves > limits.movesMax) {
    return { do: "wait", why: `${request.merge.target} moved ${moves} times while it was tested` };
  }
  if (attempt?.base !== onto) return { do: "build", onto };
  return judge(attempt, request);
}

function judge({ base, built, gates, results }: Attempt, { merge }: QueuedRequest): Step {
  const { target } = merge;
  switch (built.kind) {
    case "conflict": {
      const paths = shownPaths(built.paths);
      return { do: "reject", as: "conflict", why: `conflicts with ${target} in ${paths}` };
    }
    case "empty":
      return { do: "reject", as: "rejected", why: `touches nothing: ${target} has all of it` };
    case "unusable":
      return { do: "reject", as: "rejected", why: built.why };
    case "candidate": {
      const failed = results.find(({ passed }) => !passed);
      if (failed) return { do: "reject", as: "rejected", why: gateWords(failed) };
      const gate = gates[results.length];
      if (gate) return { do: "test", commit: built.commit, gate };
      return { do: "land", commit: built.commit, onto: base };
    }
  }
}

function shownPaths(paths: readonly string[]): string {
  const more = paths.length > 10 ? `, … (${paths.length} in all)` : "";
  return paths.slice(0, 10).join(", ") + more;
}

function gateWords({ gate, commit, exitCode, elapsedMs }: GateResult): string {
  const seconds = (elapsedMs / 1000).toFixed(1);
  const what = gate === setupGate ? "the set-up" : `gate ${gate}`;
  return `${what} failed on ${commit.slice(0, 12)}: exit ${exitCode} after ${seconds} s`;
}

/** The name under which a rig's set-up reports where it fails. */
export const setupGate = "setup";
