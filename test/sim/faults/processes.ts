import { loseMostForGood } from "../acts/fleet.ts";
import { startClone, startSecondTown } from "../acts/twins.ts";
import type { Sim } from "../sim.ts";
import { codeUrl } from "../world.ts";
import { type Injector, ofMachine, ofRig, ofTown, over, type Planned } from "./fault.ts";

/** kill -9 of a rig-agent at any moment, which starts again after a while; its workers live on. */
const killMachine: Injector = {
  name: "kill-machine",
  faults: [1, 2, 3],
  plan: ofMachine(200, 40_000),
  begin: (sim, { target }) => {
    if (!sim.isUp(target)) return undefined;
    sim.kill(target, "killed");
    return () => sim.start(target);
  },
};

/** The host loses its power: what was not synced is gone, and so is every worker. */
const reboot: Injector = {
  name: "reboot",
  faults: [12],
  plan: ofMachine(5_000, 90_000),
  begin: (sim, { target }) => {
    if (!sim.isUp(target)) return undefined;
    sim.losePower(target);
    return () => sim.start(target);
  },
};

const killTown: Injector = {
  name: "kill-town",
  faults: [6, 7, 8],
  plan: ofTown(500, 100_000),
  begin: (sim) => {
    if (!sim.isUp("town")) return undefined;
    sim.kill("town", "killed");
    return () => sim.start("town");
  },
};

/** SIGSTOP past every timeout, then SIGCONT. */
const stopMachine: Injector = {
  name: "stop-machine",
  faults: [10],
  plan: ofMachine(2_000, 150_000),
  begin: (sim, { target }) => sim.pause(target, "stopped"),
};

const stopTown: Injector = {
  name: "stop-town",
  faults: [10],
  plan: ofTown(2_000, 120_000),
  begin: (sim) => sim.pause("town", "stopped"),
};

/** An event loop blocked for a minute looks like this from outside, but that its heart beats. */
const blockMachine: Injector = {
  name: "block-machine",
  faults: [11],
  plan: ofMachine(30_000, 70_000),
  begin: (sim, { target }) => sim.pause(target, "blocked"),
};

/** A second town on a host of its own, which knows the ledger's remote and the bus. */
const secondTown: Injector = {
  name: "second-town",
  faults: [9],
  plan: ofTown(20_000, 90_000),
  begin: startSecondTown,
};

/** A copy of a machine's disk is started beside it, with its name. */
const cloneMachine: Injector = {
  name: "clone-machine",
  faults: [13, 50],
  plan: ofMachine(10_000, 60_000),
  begin: (sim, { target }) => startClone(sim, target),
};

/** The holder of a rig's authority dies right after the remote has done what it asked. */
function killAfterPush(name: string, faults: number[], isMoment: Moment): Injector {
  return {
    name,
    faults,
    plan: ofRig(500, 60_000),
    isTrap: true,
    begin: (sim, planned, struck) => armKill(sim, planned, { isMoment, struck }),
  };
}

type Moment = (refs: readonly string[]) => boolean;

function armKill(
  sim: Sim,
  { target: rig, forMs }: Planned,
  { isMoment, struck }: { readonly isMoment: Moment; readonly struck: () => void },
): () => void {
  return sim.remotes.onDone(codeUrl(rig), (op, who) => {
    if (op.kind !== "push" || !sim.isUp(who) || !isMoment(op.updates.map(({ ref }) => ref))) {
      return false;
    }
    struck();
    sim.kill(who, "killed");
    sim.later(Math.max(500, forMs / 2), () => sim.start(who));
    return true;
  });
}

const isLanding: Moment = (refs) => refs.includes("refs/heads/main");

export const processFaults: readonly Injector[] = [
  killMachine,
  reboot,
  killTown,
  stopMachine,
  stopTown,
  blockMachine,
  secondTown,
  cloneMachine,
  killAfterPush("kill-after-landing-push", [14], isLanding),
  killAfterPush("kill-after-branch-push", [4], (refs) => {
    return refs.some((ref) => ref.startsWith("refs/heads/polecat/"));
  }),
  killAfterPush("kill-after-checkpoint-push", [5], (refs) => {
    return refs.some((ref) => ref.startsWith("refs/gastown/checkpoint/"));
  }),
  killAfterPush("kill-after-taking-authority", [1, 8], (refs) => {
    return refs.length === 1 && refs[0] === "refs/gastown/authority";
  }),
  {
    name: "kill-in-mid-gate",
    faults: [16],
    plan: ofRig(500, 40_000),
    isTrap: true,
    begin: (sim, { target: rig, forMs }, struck) =>
      sim.onGate(rig, (machine) => {
        if (!sim.isUp(machine)) return;
        struck();
        sim.kill(machine, "killed");
        sim.later(Math.max(500, forMs / 2), () => sim.start(machine));
      }),
  },
  {
    name: "most-of-the-fleet-gone",
    faults: [53],
    plan: ofTown(0, 0),
    begin: (sim, { detail }) => (loseMostForGood(sim, detail) ? over : undefined),
  },
  {
    name: "town-and-authority-gone",
    faults: [52],
    plan: ofRig(20_000, 200_000),
    begin: (sim, { target: rig }) => {
      const holder = sim.holderOf(rig);
      if (holder === undefined || !sim.isUp(holder) || !sim.isUp("town")) return undefined;
      sim.kill("town", "killed");
      sim.losePower(holder);
      return () => {
        sim.start("town");
        sim.start(holder);
      };
    },
  },
];
