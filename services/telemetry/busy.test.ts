import { expect, test } from "vitest";
import { wireVersion } from "#services/config/version.ts";
import { busyTrouble } from "./busy.ts";
import { machineTrouble } from "./spoken-wire.ts";

const heard = (loopLagMs: number) => {
  const beat = {
    ...{ machine: "vm-a", incarnation: "vm-a.1", atMs: 0, version: "1.0.0", wire: wireVersion },
    ...{ polecatsMax: 1, heads: {}, authorities: [], polecats: [], loopLagMs },
  };
  return { beat, heardMs: 0, link: "bus" } as const;
};

test("a machine that beats while its loop lags is told as busy, and given nothing new", () => {
  expect(busyTrouble(undefined)).toBeUndefined();
  expect(busyTrouble(heard(4_999))).toBeUndefined();
  expect(busyTrouble(heard(12_345))).toBe("busy: loop lag 12 s");
  const machine = { name: "vm-a", wire: wireVersion };
  expect(machineTrouble(machine, { of: () => heard(12_345) })).toBe("busy: loop lag 12 s");
  expect(machineTrouble(machine, { of: () => heard(0) })).toBeUndefined();
});
