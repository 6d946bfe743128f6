/** One polecat as the Witness sees it. Times in ms since the Unix epoch. */
export type Patient = {
  readonly session: string;
  readonly phase: "boot" | "working" | "done";
  /** Undefined where it cannot be told. */
  readonly alive: boolean | undefined;
  /** The last sign of progress, its start at first. */
  readonly evidenceMs: number;
  /** Nudges since that sign, and when the last one was sent. */
  readonly nudges: number;
  readonly nudgedMs: number;
  /** How often it was started again under this claim. */
  readonly restarts: number;
};

/** How long a polecat may be silent, and how often it is helped. */
export type PatrolLimits = {
  readonly bootGraceMs: number;
  readonly noProgressMs: number;
  readonly nudgesMax: number;
  readonly restartsMax: number;
};

/** The defaults of every machine. */
export const patrolLimits: PatrolLimits = {
  bootGraceMs: 90_000,
  noProgressMs: 10 * 60_000,
  nudgesMax: 3,
  restartsMax: 3,
};

export type Verdict =
  | { readonly do: "nothing" }
  | {
      readonly do: "nudge";
      readonly session: string;
      readonly attempt: number;
      readonly why: string;
    }
  | { readonly do: "restart"; readonly session: string; readonly why: string }
  | { readonly do: "escalate"; readonly session: string; readonly why: string };

/**
 * What one polecat needs now: three nudges, then a restart with hand-off, three of those, then a
 * human. Unknown is not dead; and who is dead is started again by the supervisor, not here.
 */
export function judge(patient: Patient, limits: PatrolLimits, nowMs: number): Verdict {
  const { session, phase, alive, nudges, restarts } = patient;
  if (phase === "done" || alive !== true) return { do: "nothing" };
  const graceMs = phase === "boot" ? limits.bootGraceMs : limits.noProgressMs;
  // Each nudge gets its own time to help.
  const sinceMs = nowMs - Math.max(patient.evidenceMs, patient.nudgedMs);
  if (sinceMs < graceMs) return { do: "nothing" };
  const silentS = Math.round((nowMs - patient.evidenceMs) / 1_000);
  const why = `no sign of progress for ${silentS} s, ${nudges} nudges, ${restarts} restarts`;
  if (nudges < limits.nudgesMax) return { do: "nudge", session, attempt: nudges + 1, why };
  if (restarts < limits.restartsMax) return { do: "restart", session, why };
  return { do: "escalate", session, why };
}
