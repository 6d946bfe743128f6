import { busPlace } from "../sim-bus.ts";
import { codeUrl, townHost } from "../world.ts";
import { type Injector, ofMachine, ofTown } from "./fault.ts";

/** More than half of the fleet is cut from the bus at once, for longer than silence is believed. */
const mostSilent: Injector = {
  name: "most-of-the-fleet-silent",
  faults: [17, 20, 26],
  plan: ofTown(70_000, 150_000),
  begin: (sim, { detail }) => {
    const names = [...sim.world.hosts.keys()].filter((name) => name !== townHost).sort();
    const up = names.filter((name) => sim.isUp(name));
    const count = Math.floor(names.length / 2) + 1;
    if (up.length < count) return undefined;
    const cut = sim.world.random.split(`silent ${detail}`).some(up, count);
    return sim.cut(
      cut.map((name) => [name, busPlace] as const),
      "both",
    );
  },
};

/** A machine that nobody reaches loses its power: what it wrote meanwhile only its disk has. */
const blackout: Injector = {
  name: "power-cut-while-cut-off",
  faults: [12, 17],
  plan: ofMachine(5_000, 50_000),
  begin: (sim, { target }) => {
    if (!sim.isUp(target)) return undefined;
    const code = sim.world.rigNames.map((rig): [string, string] => [target, codeUrl(rig)]);
    const heal = sim.cut([[target, busPlace], [target, "sim:ledger"], ...code], "both");
    return () => {
      const isUp = sim.isUp(target);
      if (isUp) sim.losePower(target);
      heal();
      if (isUp) sim.later(2_000, () => sim.start(target));
    };
  },
};

/** What meets many at once, or one in two ways at once. */
export const stormFaults: readonly Injector[] = [mostSilent, blackout];
