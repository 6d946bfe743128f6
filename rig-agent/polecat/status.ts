import type { Bead } from "#services/ledger/bead.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import { sendMail } from "#services/mail/mail.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Health, PolecatBeat } from "#services/telemetry/beat.ts";
import { look, type Sight } from "./evidence.ts";
import { exitUnder } from "./gather.ts";
import { nudgeLetter } from "./letters.ts";
import type { PolecatPorts } from "./ports.ts";
import type { PolecatSession } from "./sessions.ts";

/** What a machine can say and do about its polecats at once; the loop keeps it fresh. */
export type Observer = {
  /** As a beat tells it. */
  readonly polecats: () => readonly PolecatBeat[];
  readonly actor: Actor;
};

/** Without a sign of progress for this long a polecat counts as stuck. */
export const noProgressMs = 10 * 60_000;
const everyMs = 1_000;
/** How long one that has left is still shown. */
const farewellMs = 30_000;
const tailBytes = 256 * 1024;

/** How a polecat is, in the village's words. */
export function healthOf(of: {
  readonly state: PolecatSession["state"];
  readonly hasLeft: boolean;
  readonly trouble: boolean;
  readonly silentMs: number;
}): Health {
  if (of.hasLeft || of.state === "ended" || of.state === "removed") return "done";
  if (of.trouble) return "stuck";
  if (of.state === "starting") return "idle";
  return of.silentMs >= noProgressMs ? "stuck" : "working";
}

/** Keep looking at the sessions, so that a beat never waits for a disk. */
export function observe(
  ports: PolecatPorts,
  trouble: (bead: string) => string | undefined,
  report: (error: unknown, what: string) => void,
): Observer {
  const { clock, ledger, sessions, signal } = ports;
  let seen: readonly PolecatBeat[] = [];
  const round = async () => {
    const nowMs = clock.nowMs();
    const shown = sessions.list().filter(({ state, endedAtMs }) => {
      return state !== "removed" || nowMs - (endedAtMs ?? 0) < farewellMs;
    });
    const sights = await Promise.all(shown.map((session) => look(ports, session)));
    seen = newestOfEach(sights).map((sight) => {
      const work = ledger.world.bead(sight.session.bead);
      return beatOf(sight, work, trouble(sight.session.bead), nowMs);
    });
  };
  const actor = runActor({ name: "observer", clock, signal, everyMs, round, report });
  return { polecats: () => seen, actor };
}

function beatOf(
  { session, step, evidence }: Sight,
  work: Bead | undefined,
  trouble: string | undefined,
  nowMs: number,
): PolecatBeat {
  const { agent, beadId, epoch, state, startedAtMs } = session;
  const hasLeft =
    work !== undefined &&
    (work.status === "closed" || exitUnder(work, session.epoch) !== undefined);
  const silentMs = nowMs - evidence.atMs;
  const said = trouble ?? (state === "starting" ? "starting" : evidence.what);
  return {
    agent,
    bead: beadId,
    epoch,
    health: healthOf({ state, hasLeft, trouble: trouble !== undefined, silentMs }),
    step,
    evidence: said.slice(0, 300),
    evidenceMs: evidence.atMs,
    startedMs: startedAtMs,
  };
}

/** A polecat's last session is the one that counts. */
function newestOfEach(sights: readonly Sight[]): Sight[] {
  const newest = new Map<string, Sight>();
  for (const sight of sights) {
    const held = newest.get(sight.session.agent);
    if (held && held.session.startedAtMs > sight.session.startedAtMs) continue;
    newest.set(sight.session.agent, sight);
  }
  return [...newest.values()];
}

/** What asking this machine about one of its polecats is answered with. */
export type Answers = {
  readonly peek: (request: { agent: string; lines: number }) => Promise<{ output: string[] }>;
  readonly logs: (request: {
    agent: string;
    fromByte: number;
  }) => Promise<{ lines: string[]; nextByte: number }>;
  readonly nudge: (request: {
    agent: string;
    message: string;
    id: string;
  }) => Promise<{ delivered: string }>;
};

/** Answer for this machine's polecats. Throws `not_found` for one that never worked here. */
export function answerFor(ports: PolecatPorts): Answers {
  const { output, sessions } = ports;
  const nameOf = (agent: string) => newestSession(sessions.list(), agent).name;
  return {
    peek: async ({ agent, lines }) => ({ output: [...(await output.tail(nameOf(agent), lines))] }),
    logs: async ({ agent, fromByte }) => {
      const name = nameOf(agent);
      // Whoever begins to read gets the newest part of what is kept.
      const from = fromByte < 0 ? Math.max(0, (await output.end(name)) - tailBytes) : fromByte;
      const page = await output.page(name, from);
      return { lines: [...page.lines], nextByte: page.nextByte };
    },
    nudge: async ({ agent, message, id }) => {
      const session = newestSession(sessions.list(), agent);
      await nudge(ports, session, { from: `machines/${ports.machine}`, message, cause: [id] });
      return { delivered: `${agent}'s mail` };
    },
  };
}

/**
 * Tell a polecat something while it works. It reads its mail between two steps; nothing is pushed
 * into its input, which a coding agent might take for an answer to something else.
 *
 * @throws TownError `unavailable` when it is not running
 */
export async function nudge(
  ports: Pick<PolecatPorts, "ledger" | "machine">,
  session: PolecatSession,
  what: { readonly from: string; readonly message: string; readonly cause: readonly string[] },
): Promise<void> {
  const { ledger, machine } = ports;
  const work = ledger.world.bead(session.bead);
  if (!work || session.state !== "running") {
    throw new TownError("unavailable", `${session.agent} does not run on ${machine} now`);
  }
  const letter = nudgeLetter({ agent: session.agent, work }, what);
  await ledger.append(what.from, sendMail(ledger.world, letter));
}

function newestSession(sessions: readonly PolecatSession[], agent: string): PolecatSession {
  const own = sessions.filter((session) => session.agent === agent);
  const newest = own.sort((a, b) => b.startedAtMs - a.startedAtMs)[0];
  if (newest) return newest;
  throw new TownError("not_found", `${agent} has not worked on this machine`, {
    resource: { type: "agent", name: agent },
  });
}
