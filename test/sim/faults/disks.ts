import { failSync, fillDisk, restoreDisk, takeImage } from "../acts/disks.ts";
import { type Injector, ofMachine } from "./fault.ts";

/** A snapshot is taken at the beginning, and brought back at the end. */
const restored: Injector = {
  name: "restored-disk",
  faults: [49],
  plan: ofMachine(10_000, 120_000),
  begin: (sim, { target }) => {
    if (!sim.isUp(target)) return undefined;
    const image = takeImage(sim, target);
    return () => {
      if (sim.gone.has(target)) return;
      restoreDisk(sim, target, image);
      sim.later(1_000, () => sim.start(target));
    };
  },
};

const failedSync: Injector = {
  name: "failed-sync",
  faults: [51],
  plan: ofMachine(1_000, 40_000),
  begin: (sim, { target, detail }) => {
    return sim.isUp(target) ? failSync(sim, target, detail % 2 === 0) : undefined;
  },
};

const fullDisk: Injector = {
  name: "full-disk",
  faults: [33],
  plan: ofMachine(5_000, 90_000),
  begin: (sim, { target, detail }) => {
    return sim.isUp(target) ? fillDisk(sim, target, detail % 700) : undefined;
  },
};

/** Disks that forget, fail, or are full. */
export const diskFaults: readonly Injector[] = [restored, failedSync, fullDisk];
