import {
  isTownError,
  type Reason,
  type TownError,
  type Violation,
} from "#services/rpc/town-error.ts";
import { callName } from "./call-name.ts";
import { UsageError } from "./usage-error.ts";

/** How a `gt` call can end. */
export const exitCodes = {
  ...{ ok: 0, refused: 1, usage: 2, unreachable: 3, internal: 4 },
  /** What a shell expects of a process that Ctrl-C ended. */
  interrupted: 130,
} as const;

/** What went wrong, as it is told. */
export type Failure = {
  readonly exitCode: number;
  readonly reason: Reason | "usage" | "internal";
  readonly message: string;
  readonly violations: readonly Violation[];
  /** What to do about it, where anything is known. */
  readonly remedy?: string;
};

/** How the caller starts a town. */
export const upCall = `\`${callName(process.env)} up\``;

const remedies: Partial<Record<Reason, string>> = {
  stale: "another worker holds this work now: stop here",
  denied: "ask the overseer for it",
  exhausted: "try again in a moment",
  unavailable: `start a town with ${upCall}, or name one with --town; \`gt doctor\` looks closer`,
  timeout: "try again with the same --request-id; it is not done twice",
  gap: "begin anew without the resume token",
  unimplemented: "ask the town itself (--town), or bring both to one version",
};

const lists: Readonly<Record<string, string>> = {
  bead: "`gt list` shows what there is",
  rig: "`gt rig list` shows what there is",
  machine: "`gt machine list` shows what there is",
  agent: "`gt peek` shows who there is",
  mail: "`gt mail inbox` shows what there is",
  message: "`gt mail inbox` shows what there is",
  "merge-request": "`gt mq list --all` shows what there is",
};

function remedyOf(error: TownError): string | undefined {
  const { reason, resource, isAway } = error;
  if (reason === "not_found") return lists[resource?.type ?? ""];
  // The town did answer: another one would not help.
  if (reason === "unavailable" && isAway === false)
    return "try again in a moment; `gt doctor` looks closer";
  return remedies[reason];
}

/** What an error means to the caller of `gt`. */
export function failureOf(error: unknown): Failure {
  if (isTownError(error)) {
    const { reason, message, violations } = error;
    const remedy = remedyOf(error);
    const failure = { exitCode: exitCodeOf(error), reason, message, violations };
    return remedy === undefined ? failure : { ...failure, remedy };
  }
  if (error instanceof UsageError) return usageFailure(error.message);
  return {
    exitCode: exitCodes.internal,
    reason: "internal",
    message: error instanceof Error ? error.message : String(error),
    violations: [],
    remedy: "this is a bug in Gas Town; GT_DEBUG=1 shows where",
  };
}

/** A call that was not understood. */
export function usageFailure(message: string, remedy?: string): Failure {
  const { usage } = exitCodes;
  const failure: Failure = { exitCode: usage, reason: "usage", message, violations: [] };
  return remedy === undefined ? failure : { ...failure, remedy };
}

/** Nobody answered: 3; the answer was no: 1. */
function exitCodeOf({ reason, isAway }: TownError): number {
  const silent = (reason === "unavailable" && isAway !== false) || reason === "timeout";
  return silent ? exitCodes.unreachable : exitCodes.refused;
}

/** The failure on standard error: one JSON object on one line, or lines for people. */
export function renderFailure(failure: Failure, json: boolean): string {
  const { reason, message, violations, remedy } = failure;
  if (json) {
    const told = violations.length > 0 ? { violations } : {};
    const advice = remedy === undefined ? {} : { remedy };
    return `${JSON.stringify({ error: { reason, message, ...told, ...advice } })}\n`;
  }
  const lines = [
    `gt: ${message}`,
    ...violations
      .filter(({ description }) => !message.includes(description))
      .map(({ field, description }) => `    ${field}: ${description}`),
    ...(remedy === undefined ? [] : [`    ${remedy}`]),
  ];
  return `${lines.join("\n")}\n`;
}
