import { isHeld } from "#services/ledger/bead.ts";
import { closeBead, setFields } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import { wireWithFederation } from "#services/ledger/machines.ts";
import { exitField } from "#services/ledger/work-fields.ts";
import { moleculeOf } from "#services/molecules/progress.ts";
import type { PolecatSession } from "../../../rig-agent/polecat/sessions.ts";
import { handOffRequest, heldWork, importEdits } from "../acts/beads.ts";
import { askUntilDone, deskAt, tellStrange, townDesk } from "../acts/desk.ts";
import { drain, uncordon } from "../acts/fleet.ts";
import type { Sim } from "../sim.ts";
import { busPlace } from "../sim-bus.ts";
import { codeUrl } from "../world.ts";
import { type Injector, ofMachine } from "./fault.ts";

const lookMs = 1_000;

/** A session of a machine that has work in hand, the one that `detail` says. */
function sessionOn(sim: Sim, machine: string, detail: number): PolecatSession | undefined {
  const desk = deskAt(sim, machine);
  const held = new Set(desk && heldWork(desk.ledger.world, machine).map(({ uid }) => uid));
  const running = [...sim.hostOf(machine).sessions.values()].filter(({ state, bead }) => {
    return state === "running" && held.has(bead);
  });
  return running[detail % Math.max(1, running.length)];
}

/** Somebody takes its bead from a worker, and it reports all the same: by call, and as events. */
const lateDone: Injector = {
  name: "late-done",
  faults: [41],
  plan: ofMachine(60_000, 120_000),
  begin: (sim, { target, detail }) => {
    const session = sessionOn(sim, target, detail);
    if (!session) return undefined;
    const requestId = `hand off ${session.name} ${detail}`;
    askUntilDone(sim, townDesk(sim), handOffRequest(requestId, session.beadId));
    let isOver = false;
    const look = () => {
      if (isOver) return;
      const claim = deskAt(sim, target)?.ledger.world.bead(session.bead)?.claim;
      const isLate = claim !== undefined && claim.epoch !== claimEpoch(session.epoch);
      if (!isLate) return sim.later(lookMs, look);
      isOver = true;
      sayDone(sim, target, session);
    };
    look();
    return () => {
      isOver = true;
    };
  },
};

function sayDone(sim: Sim, machine: string, session: PolecatSession): void {
  const endpoint = sim.workers.get(machine)?.endpoint;
  const calls = [
    () => endpoint?.calls(session.token, "late step").completeStep("implement", "late"),
    () => endpoint?.calls(session.token, "late submit").submit(),
    () => endpoint?.calls(session.token, "late exit").exit("COMPLETED", "late"),
  ];
  for (const call of calls) {
    const tell = (reached: boolean) => {
      const to = `${session.beadId} under ${session.epoch}`;
      sim.see({ kind: "access", atMs: sim.nowMs, by: session.agent, to, mayReach: false, reached });
    };
    Promise.try(call).then(
      (answer) => tell(answer !== undefined),
      () => tell(false),
    );
  }
  const desk = deskAt(sim, machine);
  if (!desk) return;
  desk.ledger
    .append(session.agent, lateEvents(sim, machine, session))
    .catch((error: unknown) => tellStrange(sim, machine, error));
}

/** What a machine that had not heard of it yet would have written. */
function lateEvents(sim: Sim, machine: string, { bead, epoch }: PolecatSession) {
  const world = deskAt(sim, machine)?.ledger.world;
  const molecule = world && moleculeOf(world, bead);
  const steps = molecule?.steps.filter(({ state }) => state !== "done") ?? [];
  const exit = { kind: "COMPLETED", epoch, summary: "late" };
  const close = { close: `step:${claimEpoch(epoch)}`, kind: "done", reason: "late", epoch };
  return [
    ...steps.map(({ bead: { uid } }) => closeBead(uid, { ...close, commit: "" })),
    setFields(bead, { [exitField.name]: exit }, epoch),
  ];
}

/** A machine dies, one of its beads is closed by a tool that knows no claims, and it comes back. */
const restartAfterClose: Injector = {
  name: "restart-after-close",
  faults: [42],
  plan: ofMachine(5_000, 50_000),
  begin: (sim, { target, detail }) => {
    const session = sim.isUp(target) ? sessionOn(sim, target, detail) : undefined;
    const desk = townDesk(sim)();
    const bead = session && desk?.ledger.world.bead(session.bead);
    if (!desk || !bead || !isHeld(bead) || bead.status === "closed") return undefined;
    if (detail % 2 === 0) sim.losePower(target);
    else sim.kill(target, "killed");
    const edit = { kind: "status", from: bead.status, to: "closed" } as const;
    importEdits(sim, desk, bead, [edit]).catch((error: unknown) =>
      tellStrange(sim, desk.name, error),
    );
    return () => sim.start(target);
  },
};

/** A machine is drained while nobody reaches it, and let work again later. */
const drainInPartition: Injector = {
  name: "drain-in-a-partition",
  faults: [43],
  plan: ofMachine(10_000, 90_000),
  begin: (sim, { target, detail }) => {
    if (!sim.isUp(target) || !sim.isUp("town")) return undefined;
    const code = sim.world.rigNames.map((rig): [string, string] => [target, codeUrl(rig)]);
    const healed = sim.cut([[target, busPlace], [target, "sim:ledger"], ...code], "both");
    const requestId = `drain ${target} ${detail} ${sim.world.timeline.elapsedMs}`;
    let isDrained = false;
    let isGivenUp = false;
    drain(sim, target, { requestId, deadlineSeconds: 5 + (detail % 60) }, () => {
      isDrained = true;
    });
    return () => {
      healed();
      sim.later(120_000 + (detail % 120_000), () => {
        isGivenUp = true;
      });
      const waits = () => detail % 2 === 0 && !isGivenUp;
      const ask = () => {
        if (!isDrained && !isGivenUp) return sim.later(lookMs, ask);
        uncordon(sim, target, `${requestId} is over`, waits);
      };
      ask();
    };
  },
};

/** A rig-agent of the version before runs in a machine's place for a while. */
const olderVersion: Injector = {
  name: "older-version",
  faults: [44],
  plan: ofMachine(20_000, 120_000),
  begin: (sim, { target }) => {
    if (!sim.isUp(target) || sim.hostOf(target).wire !== undefined) return undefined;
    exchange(sim, target, wireWithFederation - 1);
    return () => exchange(sim, target, undefined);
  },
};

function exchange(sim: Sim, machine: string, wire: number | undefined): void {
  sim.hostOf(machine).wire = wire;
  sim.kill(machine, "exchanged");
  sim.later(1_500, () => sim.start(machine));
}

/** What comes later than what it is about. */
export const lateFaults: readonly Injector[] = [
  lateDone,
  restartAfterClose,
  drainInPartition,
  olderVersion,
];
