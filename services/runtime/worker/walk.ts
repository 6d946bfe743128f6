import { isTownError } from "#services/rpc/town-error.ts";
import { readAssignment, readInbox } from "./assignment.ts";
import { type Bench, git, isDirty, setUpBench } from "./bench.ts";
import { commit } from "./commit.ts";
import { runGates } from "./gates.ts";
import type { Gt } from "./gt.ts";
import { Halt } from "./halt.ts";
import { implement } from "./implement.ts";
import { review } from "./review.ts";

/** What a worker's way through its molecule needs. */
export type WalkPorts = {
  readonly gt: Gt;
  readonly say: (line: string) => void;
  /** What commands in the worktree print, as it comes. */
  readonly echo: (chunk: Buffer) => void;
  readonly signal: AbortSignal;
  readonly agent: string;
  readonly epoch: string;
  readonly worktree: string;
  /** The id of this attempt's request for one act, the same however often it is tried. */
  readonly request: (act: string) => string;
};

/** What a step does; its words are the step's summary. Throws `Halt` where it cannot go on. */
type Act = (bench: Bench) => Promise<string>;

const acts: Readonly<Record<string, Act>> = {
  "load-context": async ({ assignment }) => `${assignment.bead}: ${assignment.title}`,
  "branch-setup": checkBranch,
  implement,
  commit,
  "self-review": review,
  test: runGates,
};

/**
 * Go the whole way of a polecat, from `gt prime` to `gt shutdown`, by the steps still open.
 *
 * Where it cannot go on it escalates; where another attempt took the work over it stops.
 */
export async function walk(ports: WalkPorts): Promise<void> {
  const { gt, say, request } = ports;
  try {
    await work(ports);
  } catch (error) {
    if (isTownError(error, "stale")) say(`stopping: ${error.message}`);
    else if (error instanceof Halt || isTownError(error, "state", "invalid")) {
      say(`cannot go on: ${error.message}`);
      await gt(["exit", "escalate", "--summary", error.message], request("exit"));
      say("left as ESCALATE");
    } else throw error;
    await gt(["shutdown"], request("shutdown"));
    say("asked for shutdown");
  }
}

async function work(ports: WalkPorts): Promise<void> {
  const { gt, say, request } = ports;
  const prime = await gt(["prime"]);
  say(`primed as ${String(prime["role"] ?? "")}`);
  const assignment = readAssignment(await gt(["hook"]));
  say(`on the hook: ${assignment.bead} ${assignment.title}`);
  await readMail(ports);
  const bench = setUpBench({ ...ports, assignment });
  const summaries: string[] = [];
  for (const step of assignment.steps) {
    if (step === "submit") await gt(["submit"], request("submit"));
    else if (step === "exit-decision") {
      const summary = summaries.join("; ") || assignment.title;
      await gt(["exit", "completed", "--summary", summary], request("exit"));
    } else if (step === "request-shutdown") await gt(["shutdown"], request("shutdown"));
    else {
      const act = acts[step];
      if (!act)
        throw new Halt(
          `the step "${step}" needs more than the ${bench.assignment.runtime} runtime`,
        );
      const summary = await act(bench);
      await gt(["step", "done", step, "--summary", summary], request(`step ${step}`));
      if (["implement", "commit"].includes(step)) summaries.push(summary);
    }
    say(`done: ${step}`);
  }
}

async function readMail({ gt, say }: WalkPorts): Promise<void> {
  for (const { id, subject } of readInbox(await gt(["mail", "inbox", "--unread"]))) {
    await gt(["mail", "read", id]);
    say(`read ${id}: ${subject}`);
  }
}

async function checkBranch(bench: Bench): Promise<string> {
  const { stdout } = await git(bench, ["symbolic-ref", "--quiet", "--short", "HEAD"]);
  const left = (await isDirty(bench)) ? ", with what an earlier attempt had left" : "";
  return `on ${stdout.trim()}${left}`;
}
