import { setSkew } from "../acts/disks.ts";
import { wipeBus } from "../acts/fleet.ts";
import type { Direction } from "../network.ts";
import { busPlace } from "../sim-bus.ts";
import { codeUrl } from "../world.ts";
import { type Injector, ofMachine, ofTown, over } from "./fault.ts";

const ledger = "sim:ledger";

function cutBus(name: string, faults: number[], span: [number, number], ways: Direction[]) {
  const injector: Injector = {
    name,
    faults,
    plan: ofMachine(...span),
    begin: (sim, { target, detail }) => {
      const direction = ways[detail % ways.length] ?? "both";
      return sim.cut([[target, busPlace]], direction);
    },
  };
  return injector;
}

/** Everything of one machine is cut: the bus, the ledger, its code. */
const isolate: Injector = {
  name: "isolate-machine",
  faults: [17, 20],
  plan: ofMachine(5_000, 180_000),
  begin: (sim, { target }) => {
    const code = sim.world.rigNames.map((rig): [string, string] => [target, codeUrl(rig)]);
    return sim.cut([[target, busPlace], [target, ledger], ...code], "both");
  },
};

const isolateTown: Injector = {
  name: "isolate-town",
  faults: [17, 20],
  plan: ofTown(5_000, 150_000),
  begin: (sim) =>
    sim.cut(
      [
        ["town", busPlace],
        ["town", ledger],
      ],
      "both",
    ),
};

const flap: Injector = {
  name: "flap",
  faults: [19],
  plan: ofMachine(20_000, 90_000),
  begin: (sim, { target, forMs, detail }) => {
    const downMs = 500 + (detail % 6_000);
    const upMs = 500 + (detail % 4_000);
    const count = Math.max(2, Math.floor(forMs / (downMs + upMs)));
    const healed = sim.cut([[target, busPlace]], "both");
    sim.world.network.flap(target, busPlace, { count, downMs, upMs });
    return healed;
  },
};

/** Messages come in any order, some not at all, some twice. */
const reorder: Injector = {
  name: "reorder",
  faults: [24],
  plan: ofTown(20_000, 90_000),
  begin: (sim, { detail }) => {
    const { network } = sim.world;
    network.setUsual({
      ...{ delayMinMs: 1, delayMaxMs: 50 + (detail % 3_000) },
      ...{ isReordering: true, lossShare: detail % 20, duplicateShare: detail % 7 },
    });
    return () =>
      network.setUsual({ delayMaxMs: 5, isReordering: false, lossShare: 0, duplicateShare: 0 });
  },
};

/** All clients lose the broker at once, and come back at once. */
const restartBus: Injector = {
  name: "restart-bus",
  faults: [21, 26],
  plan: ofTown(500, 60_000),
  begin: (sim, { forMs }) => {
    sim.world.bus.restart(forMs);
    return over;
  },
};

const wipedBus: Injector = {
  name: "wipe-bus",
  faults: [22],
  plan: ofTown(0, 0),
  begin: (sim, { detail }) => {
    wipeBus(sim, detail);
    return () => {};
  },
};

const duplicate: Injector = {
  name: "duplicate-messages",
  faults: [23],
  plan: ofTown(0, 0),
  begin: (sim, { detail }) => {
    return sim.world.bus.duplicate(1 + (detail % 40)) > 0 ? () => {} : undefined;
  },
};

const slowConsumer: Injector = {
  name: "slow-consumer",
  faults: [25],
  plan: ofMachine(20_000, 90_000),
  begin: (sim, { target, detail }) => {
    sim.world.bus.slow(target, 500 + (detail % 20_000));
    return () => sim.world.bus.slow(target, 0);
  },
};

const clockSkew: Injector = {
  name: "clock-skew",
  faults: [27],
  plan: ofMachine(0, 0),
  begin: (sim, { target, detail }) => {
    // A clock is set while the host is down: it begins the next process with it.
    if (!sim.isUp(target)) return undefined;
    sim.kill(target, "killed");
    setSkew(sim, target, (detail % 2 === 0 ? 1 : -1) * (detail % 300_000));
    sim.later(1_000, () => sim.start(target));
    return () => {};
  },
};

export const networkFaults: readonly Injector[] = [
  cutBus("cut-bus", [17], [2_000, 120_000], ["both"]),
  cutBus("one-way-bus", [18], [2_000, 120_000], ["out", "in"]),
  isolate,
  isolateTown,
  flap,
  reorder,
  restartBus,
  wipedBus,
  duplicate,
  slowConsumer,
  clockSkew,
];
