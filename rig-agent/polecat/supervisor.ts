import { claimEpoch, parseEpoch } from "#services/ledger/epoch.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import { exitField, handOffField, restartField } from "#services/ledger/work-fields.ts";
import { runActor } from "#services/lifecycle/actor.ts";
import { moleculeOf } from "#services/molecules/progress.ts";
import { squash } from "#services/molecules/squash.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { CannotStartError } from "./cannot-start.ts";
import { followClaims } from "./claims.ts";
import { gatherWorks } from "./gather.ts";
import { handOff } from "./hand-off.ts";
import { declineDrafts, escalateDrafts } from "./leave.ts";
import type { PolecatPorts } from "./ports.ts";
import {
  type Action,
  answerMs,
  type PolecatLimits,
  reconcile,
  type SessionView,
} from "./reconcile.ts";
import { endSession, retire } from "./retire.ts";
import type { PolecatSession } from "./sessions.ts";
import { announce, spawnPolecat } from "./spawn.ts";
import { Troubles } from "./troubles.ts";

/** What the supervisor is told beside its ports. */
export type SupervisorOptions = {
  readonly ports: PolecatPorts;
  readonly limits: PolecatLimits;
  /** Why this machine cannot work on a bead, in words; undefined where it can. */
  readonly refusal: Parameters<typeof gatherWorks>[2]["refusal"];
  /** An action that failed, and may be tried again. */
  readonly report: (error: unknown, what: string) => void;
  /** One line per thing worth knowing. */
  readonly notice: (action: Action) => void;
};

/** The loop that gives every claim on this machine its polecat. */
export type Supervisor = {
  readonly ring: () => void;
  /** Resolves when the loop and all it had begun are over. Workers go on. */
  readonly ended: Promise<void>;
  /** What keeps a bead from being started or cleaned up, in words; for status. */
  readonly trouble: (bead: string) => string | undefined;
};

/** 3 respawns, and a minute for a worker to leave after its exit. */
export const polecatLimits = { respawnsMax: 3, leaveGraceMs: 60_000 } as const;

const everyMs = 5_000;
const sessionsKeptMax = 50;
const outputLinesMax = 40;
const telling = new Set(["claim", "release", "close", "delete", "reopen"]);

const tellingFields = [exitField.name, handOffField.name, restartField.name];

type State = SupervisorOptions & {
  readonly claims: ReturnType<typeof followClaims>;
  readonly watched: Set<string>;
  readonly overSince: Map<string, number>;
  readonly busy: Map<string, Promise<void>>;
  readonly troubles: Troubles;
  ring: () => void;
};

/** Start the supervisor: first it takes up the sessions that an earlier process left. */
export function startSupervisor(options: SupervisorOptions): Supervisor {
  const { ports } = options;
  const state: State = {
    ...options,
    claims: followClaims(ports.ledger, ports.machine),
    watched: new Set(),
    overSince: new Map(),
    busy: new Map(),
    troubles: new Troubles(),
    ring: () => {},
  };
  const actor = runActor({
    name: "polecats",
    clock: ports.clock,
    signal: ports.signal,
    everyMs,
    round: () => runRound(state),
    report: options.report,
  });
  state.ring = actor.ring;
  const deaf = ports.ledger.onChange(({ event }) => {
    if (!isTelling(event)) return;
    actor.ring();
    // By then a worker that asked for it has heard the answer.
    if (sets(event, restartField.name)) ports.clock.after(answerMs, actor.ring);
  });
  const ended = actor.ended.then(async () => {
    deaf();
    state.claims.close();
    await Promise.allSettled(state.busy.values());
  });
  return { ring: actor.ring, ended, trouble: (bead) => state.troubles.words(bead) };
}

function isTelling(event: LedgerEvent): boolean {
  return telling.has(event.op) || tellingFields.some((field) => sets(event, field));
}

function sets({ op, values }: LedgerEvent, field: string): boolean {
  return op === "set" && Object.hasOwn((values["fields"] as object | undefined) ?? {}, field);
}

async function runRound(state: State): Promise<void> {
  const { ports, claims, limits } = state;
  const sessions = ports.sessions.list().filter((session) => session.state !== "removed");
  const beads = new Set([...claims.beads(), ...sessions.map(({ bead }) => bead)]);
  const works = gatherWorks(ports.ledger.world, beads, {
    machine: ports.machine,
    refusal: state.refusal,
    overSince: state.overSince,
    nowMs: ports.clock.nowMs(),
  });
  const views = await Promise.all(sessions.map((session) => viewSession(state, session)));
  const actions = reconcile(works, views, limits);
  for (const action of actions) begin(state, action);
  for (const { bead, overMs } of works) {
    const isDone = overMs > 0 && !views.some((view) => view.bead === bead);
    if (isDone && !actions.some((action) => action.bead === bead)) {
      claims.drop(bead);
      state.overSince.delete(bead);
    }
  }
  for (const { name, state: at } of sessions) {
    if (at === "running") await ports.output.cap(name);
  }
  await ports.sessions.prune(sessionsKeptMax);
}

async function viewSession(state: State, session: PolecatSession): Promise<SessionView> {
  const { name, bead, epoch, process } = session;
  const at = session.state === "removed" ? "ended" : session.state;
  const alive = process !== undefined && (await state.ports.runtime.isAlive(process));
  return { name, bead, epoch, state: at, alive, watched: state.watched.has(name) };
}

/** Begin an action unless its bead has one under way, or has to wait after a failure. */
function begin(state: State, action: Action): void {
  const { ports, busy, troubles } = state;
  const { bead } = action;
  if (action.do === "wait") {
    troubles.tell(bead, action.why);
    return;
  }
  if (busy.has(bead) || troubles.waits(bead, ports.clock.nowMs())) return;
  const acting = ports.sessions
    .inTurn(bead, () => perform(state, action))
    .then(
      () => troubles.clear(bead),
      (error: unknown) => recover(state, action, error),
    )
    .catch((error: unknown) => state.report(error, describe(action)))
    .finally(() => {
      busy.delete(bead);
      state.ring();
    });
  busy.set(bead, acting);
}

async function perform(state: State, action: Action): Promise<void> {
  const { ports } = state;
  const { ledger, sessions } = ports;
  if (action.do !== "adopt" && action.do !== "forget") state.notice(action);
  switch (action.do) {
    case "spawn":
    case "respawn": {
      const before = predecessor(ports, action.bead, action.epoch);
      await spawnPolecat(ports, action.bead, action.epoch, before);
      for (const session of sessions.list())
        if (session.bead === action.bead) watch(state, session);
      return;
    }
    case "adopt": {
      const session = sessions.get(action.session);
      if (!session) return;
      watch(state, session);
      await announce(ports, session);
      return;
    }
    case "end":
      return endSession(ports, action.session);
    case "hand-off":
      return handOff(ports, action.bead, action.epoch);
    case "cleanup":
      await retire(ports, action.session, action.freed);
      return;
    case "forget": {
      const session = sessions.get(action.session);
      if (session) await sessions.put({ ...session, state: "removed", token: "" });
      return;
    }
    case "escalate":
      return giveUp(state, action.bead, action.epoch, action.why);
    case "decline": {
      const drafts = declineDrafts(ledger.world, action.bead, action.epoch, action.why);
      await ledger.append(`machines/${ports.machine}`, drafts);
      return;
    }
    case "squash": {
      const molecule = moleculeOf(ledger.world, action.bead);
      const endedAt = molecule?.work?.closedAt ?? new Date(ports.clock.nowMs()).toISOString();
      const drafts = molecule ? squash(ledger.world, molecule, endedAt) : [];
      await ledger.append(`machines/${ports.machine}`, drafts);
      return;
    }
    case "wait":
      return;
  }
}

/** Ring when a session's process ends; by itself where it is our child, by looking otherwise. */
function watch(state: State, session: PolecatSession): void {
  const { ports, watched, ring } = state;
  if (!session.process || session.state !== "running" || watched.has(session.name)) return;
  watched.add(session.name);
  ports.runtime.exited(session.process, ports.signal).then(ring, (error: unknown) => {
    watched.delete(session.name);
    state.report(error, `watching ${session.name}`);
  });
}

/** What cannot be started is handed to a person; all else is tried again, later and later. */
async function recover(state: State, action: Action, error: unknown): Promise<void> {
  const { ports, troubles } = state;
  if (ports.signal.aborted || isTownError(error, "stale")) return;
  const starts = action.do === "spawn" || action.do === "respawn";
  if (starts && error instanceof CannotStartError) {
    return giveUp(state, action.bead, action.epoch, error.message, error.output);
  }
  const retry = troubles.failed(action.bead, error, ports.clock.nowMs());
  if (starts && retry.hopeless) {
    return giveUp(state, action.bead, action.epoch, `it cannot be started: ${retry.words}`);
  }
  ports.clock.after(retry.delayMs, state.ring);
  state.report(error, describe(action));
}

async function giveUp(
  state: State,
  bead: string,
  epoch: string,
  why: string,
  output?: readonly string[],
): Promise<void> {
  const { ports } = state;
  const { ledger, machine } = ports;
  const work = ledger.world.bead(bead);
  if (!work?.claim) return;
  const lines = output ?? (await lastOutput(ports, bead));
  const attempt = { agent: work.claim.polecat, machine, epoch, work };
  const shown = lines.length > 0 ? ["The last it printed:", ...lines] : [];
  await ledger.append(`machines/${machine}`, escalateDrafts(ledger.world, attempt, why, shown));
}

async function lastOutput(ports: PolecatPorts, bead: string): Promise<readonly string[]> {
  const last = ports.sessions
    .list()
    .filter((session) => session.bead === bead)
    .sort((a, b) => b.startedAtMs - a.startedAtMs)[0];
  return last ? ports.output.tail(last.name, outputLinesMax) : [];
}

/** The incarnation before this one under the same claim, if this machine had one. */
function predecessor(ports: PolecatPorts, bead: string, epoch: string): PolecatSession | undefined {
  const respawn = parseEpoch(epoch).respawn ?? 0;
  return ports.sessions
    .list()
    .filter((session) => session.bead === bead && claimEpoch(session.epoch) === claimEpoch(epoch))
    .filter((session) => (parseEpoch(session.epoch).respawn ?? 0) < respawn)
    .sort((a, b) => (parseEpoch(b.epoch).respawn ?? 0) - (parseEpoch(a.epoch).respawn ?? 0))[0];
}

function describe(action: Action): string {
  return `${action.do} ${action.bead}`;
}
