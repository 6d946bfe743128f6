import type { Bead } from "#services/ledger/bead.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedBase36 } from "#services/ledger/ids.ts";
import { townPrefix } from "#services/ledger/rigs.ts";
import { wispId } from "#services/ledger/wisp-reservation.ts";
import type { WispStore } from "#services/ledger/wisp-store.ts";
import { savedField } from "#services/ledger/work-fields.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import { shutdownUid, subjects, witnessOf } from "#services/mail/letters.ts";
import { inbox, markRead } from "#services/mail/mail.ts";
import { attemptOf } from "../polecat/assign.ts";
import { look } from "../polecat/evidence.ts";
import { exitUnder } from "../polecat/gather.ts";
import { escalateDrafts } from "../polecat/leave.ts";
import type { PolecatPorts } from "../polecat/ports.ts";
import { endSession } from "../polecat/retire.ts";
import type { PolecatSession } from "../polecat/sessions.ts";
import { nudge } from "../polecat/status.ts";
import { judge, type Patient, type PatrolLimits, type Verdict } from "./judge.ts";
import {
  closeLease,
  leaseField,
  leaseUid,
  openLease,
  phaseOf,
  reach,
  writeLease,
} from "./lease.ts";
import { beginPatrol, currentPatrol, endPatrol, patrolDigest, turn } from "./patrol.ts";
import { shutDown } from "./shutdown.ts";

/** What the Witness is made of. */
export type WitnessOptions = {
  /** What polecats are made of, too: their sessions, the ledger, git, the runtime. */
  readonly ports: PolecatPorts;
  readonly wisps: WispStore;
  readonly limits: PatrolLimits;
  readonly report: (error: unknown, what: string) => void;
  /** What it did, for the log. */
  readonly notice: (what: string, session: PolecatSession) => void;
};

const everyMs = 5_000;

/**
 * Watch over this machine's polecats: a lease for each, help for the silent, a safe end for those
 * that ask for it.
 */
export function startWitness(options: WitnessOptions): Actor {
  const { ports, report } = options;
  const { ledger, clock, signal, machine } = ports;
  const me = witnessOf(machine);
  const mail = new Set(inbox(ledger.world, me, { unreadOnly: true }).map(({ uid }) => uid));
  const actor = runActor({
    name: "witness",
    clock,
    signal,
    everyMs,
    round: () => patrol(options, mail),
    report,
  });
  const deaf = ledger.onChange((change) => {
    if (change.event.op !== "create") return;
    const { bead } = change;
    if (bead?.issueType !== "message" || bead.assignee !== me) return;
    mail.add(bead.uid);
    actor.ring();
  });
  return { ...actor, ended: actor.ended.then(deaf) };
}

/** One round: open leases, answer those who ask to be ended, help the silent, turn the patrol. */
export async function patrol(options: WitnessOptions, mail: Set<string>): Promise<void> {
  const { ports, report } = options;
  await bondLeases(options);
  await Promise.all(
    [...mail].map((uid) =>
      readLetter(options, uid).then(
        () => mail.delete(uid),
        // It stays, for the next round.
        (error: unknown) => report(error, "a letter to the Witness"),
      ),
    ),
  );
  for (const session of ports.sessions.list()) {
    if (session.state === "running") await tend(options, session);
  }
  await closeLeases(options);
  await turnPatrol(options);
}

async function bondLeases({ ports, wisps }: WitnessOptions): Promise<void> {
  const { machine, sessions } = ports;
  const me = witnessOf(machine);
  if (!currentPatrol(wisps.world, machine)) await wisps.append(me, [nextPatrol(ports, wisps)]);
  const root = currentPatrol(wisps.world, machine)?.root;
  if (!root) return;
  for (const session of sessions.list()) {
    const begun = session.state === "starting" || session.state === "running";
    if (begun && !wisps.world.bead(leaseUid(root, session))) {
      await wisps.append(me, openLease(root, session));
    }
  }
}

/** SHUTDOWN is acted on; everything else is news that the ledger and the sessions tell as well. */
async function readLetter(options: WitnessOptions, uid: string): Promise<void> {
  const { ports, wisps } = options;
  const { ledger, machine, sessions } = ports;
  const letter = ledger.world.bead(uid);
  if (!letter) return;
  if (letter.title === subjects.shutdown) {
    const asking = sessions.list().find(({ bead, epoch }) => shutdownUid(bead, epoch) === uid);
    if (asking) {
      const outcome = await shutDown(ports, asking.name);
      if (outcome !== "gone before") options.notice(`ended: ${outcome}`, asking);
      const lease = leaseOf(options, asking);
      if (lease) {
        await wisps.append(witnessOf(machine), closeLease(wisps.world, lease.uid, outcome));
      }
    }
  }
  await ledger.append(witnessOf(machine), markRead(letter));
}

/** Look at one polecat, note how far it is, and help it if it needs that. */
async function tend(options: WitnessOptions, session: PolecatSession): Promise<void> {
  const { ports, wisps, limits } = options;
  const { ledger, runtime, clock } = ports;
  const bead = leaseOf(options, session);
  const lease = bead && leaseField.read(bead);
  if (!bead || !lease) return;
  const { evidence } = await look(ports, session);
  const work = ledger.world.bead(session.bead);
  const hasLeft = work === undefined || exitUnder(work, session.epoch) !== undefined;
  const isOver = hasLeft || work.status === "closed";
  const phase = isOver ? "done" : evidence.what === "started" ? "boot" : "working";
  await wisps.append(witnessOf(ports.machine), reach(wisps.world, bead.uid, phase));
  const patient: Patient = {
    session: session.name,
    phase: isOver ? "done" : phaseOf(wisps.world, bead.uid),
    alive: session.process && (await runtime.isAlive(session.process)),
    evidenceMs: evidence.atMs,
    nudges: lease.nudgedMs > evidence.atMs ? lease.nudges : 0,
    nudgedMs: lease.nudgedMs,
    restarts: Number(session.epoch.split(".")[2] ?? 0),
  };
  await act(options, session, judge(patient, limits, clock.nowMs()));
}

async function act(
  options: WitnessOptions,
  session: PolecatSession,
  verdict: Verdict,
): Promise<void> {
  const { ports } = options;
  const { ledger } = ports;
  if (verdict.do === "nothing") return;
  options.notice(`${verdict.do}: ${verdict.why}`, session);
  switch (verdict.do) {
    case "nudge":
      return encourage(options, session, verdict);
    case "restart":
      // Its claim stands without a process then, so the supervisor starts it again with hand-off.
      return ports.sessions.inTurn(session.bead, () => endSession(ports, session.name));
    case "escalate": {
      const work = ledger.world.bead(session.bead);
      if (!work) return;
      const drafts = escalateDrafts(ledger.world, attemptOf(session, work), verdict.why);
      await ledger.append(witnessOf(ports.machine), drafts);
      return ports.sessions.inTurn(session.bead, () => endSession(ports, session.name));
    }
  }
}

async function encourage(
  options: WitnessOptions,
  session: PolecatSession,
  verdict: Extract<Verdict, { do: "nudge" }>,
): Promise<void> {
  const { ports, wisps } = options;
  const { clock, machine } = ports;
  const bead = leaseOf(options, session);
  const lease = bead && leaseField.read(bead);
  if (!bead || !lease) return;
  const nudgedMs = clock.nowMs();
  const { attempt, why } = verdict;
  const cause = [session.name, String(lease.nudgesAll)];
  const message = [
    `Are you there? The Witness saw ${why}.`,
    "`gt hook` shows your next step: run it. If you cannot go on, leave by `gt exit`.",
  ].join("\n");
  await nudge(ports, session, { from: witnessOf(machine), message, cause });
  const nudged = { ...lease, nudges: attempt, nudgesAll: lease.nudgesAll + 1, nudgedMs };
  await wisps.append(witnessOf(machine), [writeLease(bead.uid, nudged)]);
}

/** A lease ends with its session, however that came about; its claim may go on with the next. */
async function closeLeases({ ports, wisps }: WitnessOptions): Promise<void> {
  const { machine, sessions, ledger } = ports;
  for (const bead of currentPatrol(wisps.world, machine)?.leases ?? []) {
    const lease = leaseField.read(bead);
    if (!lease || bead.status === "closed") continue;
    const work = ledger.world.bead(lease.bead);
    const isHeld = work?.claim?.epoch === lease.claim && !work.claim.released;
    const exit = work && exitUnder(work, lease.claim);
    const isOpen = sessions.list().some((session) => {
      const own = session.bead === lease.bead && session.epoch.startsWith(`${lease.claim}.`);
      const begun = session.state === "starting" || session.state === "running";
      return own && begun;
    });
    // Between two incarnations nobody is there, and somebody will be.
    const isBetween = isHeld && exit === undefined && work.status !== "closed";
    if (isOpen || isBetween) continue;
    const outcome = exit ?? (work ? howItEnded(work, lease.claim) : "taken over");
    await wisps.append(witnessOf(machine), closeLease(wisps.world, bead.uid, outcome));
  }
}

/** How a claim ended whose worker did not leave by itself. */
function howItEnded(work: Bead, claim: string): string {
  if (work.status === "closed") return work.closeKind;
  return savedField.read(work)?.epoch === claim ? "handed off" : "taken over";
}

async function turnPatrol({ ports, wisps }: WitnessOptions): Promise<void> {
  const { machine, ledger, clock } = ports;
  const me = witnessOf(machine);
  const rolling = currentPatrol(wisps.world, machine);
  if (!rolling) return;
  const nowMs = clock.nowMs();
  const next = turn(rolling, nowMs);
  if (next === "keep") return;
  if (next === "squash") {
    const endedAt = new Date(nowMs).toISOString();
    await ledger.append(me, patrolDigest(ledger.world, machine, rolling, endedAt));
  }
  await wisps.append(me, [endPatrol(rolling, next), nextPatrol(ports, wisps)]);
}

function nextPatrol({ machine, ledger, clock }: PolecatPorts, { world }: WispStore): Draft {
  const nowMs = clock.nowMs();
  let asked = 0;
  // Derived, so that a town that is run again has the same patrols.
  const text = (length: number) => {
    asked += 1;
    return derivedBase36(length, "patrol", machine, String(nowMs), String(asked));
  };
  return beginPatrol(machine, nowMs, wispId(townPrefix, world, ledger.world, text));
}

function leaseOf({ ports, wisps }: WitnessOptions, session: PolecatSession): Bead | undefined {
  const { world } = wisps;
  const root = currentPatrol(world, ports.machine)?.root;
  return root && world.bead(leaseUid(root, session));
}
