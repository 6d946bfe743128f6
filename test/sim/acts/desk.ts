import { requestKey } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { CallContext } from "#services/rpc/method.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Sim } from "../sim.ts";
import type { SimProcess } from "../timeline.ts";
import { townHost } from "../world.ts";

/** Somewhere that a person may ask: the town, or a machine. */
export type Desk = {
  readonly name: string;
  readonly process: SimProcess;
  readonly ledger: Ledger;
};

/** One thing that a person asks for: the answer as text, the same for the same request. */
export type Request = {
  readonly principal?: string;
  readonly requestId: string;
  readonly act: (desk: Desk, context: CallContext) => Promise<string>;
};

/** A person asks again this often, and no more often than this. */
const [retryMs, triesMax] = [2_000, 150];
const { signal } = new AbortController();

/** Who answers at a place now; nobody where it is down, stands still, or is not up yet. */
export function deskAt({ world }: Pick<Sim, "world">, name: string): Desk | undefined {
  const process = world.processes.get(name);
  if (!process?.isAlive || process.isPaused) return undefined;
  const ledger = name === townHost ? world.town?.ledger : world.machines.get(name)?.base.ledger;
  return ledger && { name, process, ledger };
}

/** Everyone who answers now, the town first. */
export function desks(sim: Sim): Desk[] {
  const names = [townHost, ...[...sim.world.machines.keys()].sort()];
  return names.flatMap((name) => deskAt(sim, name) ?? []);
}

/** Ask once; fails as the endpoint does. What was answered is taken down. */
export async function askAt(sim: Sim, desk: Desk, request: Request): Promise<string> {
  const { principal = "overseer", requestId, act } = request;
  const context = { principal, requestId, signal, deadlineMs: undefined, token: undefined };
  const result = await act(desk, context);
  const key = requestKey(principal, requestId);
  if (desk.process.isAlive) {
    const who = { at: desk.name, principal, request: key, result };
    sim.see({ kind: "answered", atMs: sim.nowMs, ...who });
  }
  return result;
}

/** Ask now, and let it be where that is refused. */
export function tryAt(sim: Sim, desk: Desk, request: Request): void {
  askAt(sim, desk, request).catch((error: unknown) => tellStrange(sim, desk.name, error));
}

/** Ask whoever `at` names, again and again until it is done; given up after minutes. */
export function askUntilDone(
  sim: Sim,
  at: () => Desk | undefined,
  request: Request,
  done: () => void = () => {},
): void {
  let tries = 0;
  const again = () => {
    tries += 1;
    if (tries < triesMax) sim.later(retryMs, attempt);
  };
  const attempt = () => {
    const desk = at();
    if (!desk) return again();
    askAt(sim, desk, request).then(done, (error: unknown) => {
      tellStrange(sim, desk.name, error);
      again();
    });
  };
  attempt();
}

/** The town, as the desk to ask at. */
export function townDesk(sim: Sim): () => Desk | undefined {
  return () => deskAt(sim, townHost);
}

/** A refusal is an answer like any other; all else is for the log. */
export function tellStrange(sim: Sim, of: string, error: unknown): void {
  if (!isTownError(error)) sim.world.told(of, error, "a person's request");
}
