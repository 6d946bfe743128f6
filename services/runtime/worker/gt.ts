import { setTimeout as sleep } from "node:timers/promises";
import { type Reason, TownError } from "#services/rpc/town-error.ts";
import { runCommand } from "./run-command.ts";

/** What `gt … --json` answered. */
export type Answer = Readonly<Record<string, unknown>>;

/** Call `gt`; a mutation names the request that it is, so that trying again is doing it once. */
export type Gt = (args: readonly string[], requestId?: string) => Promise<Answer>;

/** What a worker's calls of `gt` need. */
export type GtPorts = {
  readonly worktree: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

const unreachable = 3;
const internal = 4;
const internalTriesMax = 3;

/**
 * The `gt` command of the session's PATH.
 *
 * While nobody answers it asks again, for as long as it takes: a worker outlives its rig-agent's
 * restart. A refusal is a TownError with the reason that it came with.
 */
export function gtCommand({ worktree, env, signal, say }: GtPorts): Gt {
  return async (args, requestId) => {
    const request = requestId === undefined ? [] : ["--request-id", requestId];
    const argv = ["gt", ...args, ...request, "--json"] as const;
    for (let tries = 1; ; tries += 1) {
      const ended = await runCommand(argv, { cwd: worktree, env, signal });
      if (ended.code === 0) return parse(ended.stdout) ?? {};
      const failure = failureOf(ended.stderr);
      const words = failure.message || ended.tail || "it printed nothing";
      // Also where somebody answered, but what the command needs is away: the rig's remote.
      const isAway = ended.code === unreachable || failure.reason === "unavailable";
      const again = ended.code === internal ? tries < internalTriesMax : isAway;
      if (!again) throw refusal(args, ended.code, failure.reason, words);
      say(`gt ${args[0]}: ${words}; asking again`);
      await sleep(Math.min(5_000, 500 * 2 ** Math.min(tries - 1, 5)), undefined, { signal });
    }
  };
}

function refusal(
  args: readonly string[],
  code: number | undefined,
  reason: string,
  words: string,
): Error {
  const refused = code === 1 && reasons.find((each) => each === reason);
  if (refused) return new TownError(refused, words);
  return new Error(`gt ${args.join(" ")} ended with ${code ?? "a signal"}: ${words}`);
}

const reasons: readonly Reason[] = [
  ...(["not_found", "exists", "invalid", "state", "stale", "denied", "exhausted"] as const),
  ...(["unavailable", "timeout", "cancelled", "gap", "unimplemented"] as const),
];

/** With `--json` a failure is one object on stderr; notices may stand before it. */
function failureOf(stderr: string): { reason: string; message: string } {
  const lines = stderr.trimEnd().split("\n").reverse();
  for (const line of lines) {
    const error = parse(line)?.["error"];
    if (typeof error !== "object" || error === null) continue;
    const { reason, message } = error as Record<string, unknown>;
    return { reason: String(reason ?? ""), message: String(message ?? "") };
  }
  return { reason: "", message: "" };
}

function parse(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Answer) : undefined;
  } catch {
    return undefined; // A notice for people, or nothing at all.
  }
}
