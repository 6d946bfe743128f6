import { expect, test } from "vitest";
import { wireVersion } from "#services/config/version.ts";
import type { Beat } from "./beat.ts";
import type { Peer } from "./peers.ts";
import { machineTrouble, spokenWire } from "./spoken-wire.ts";

const machine = { name: "vm-a", wire: wireVersion };
const heard = (wire: number, link: Peer["link"]) => ({
  of: () => ({ beat: { wire } as Beat, heardMs: 0, link }),
});

test("a machine's beats say what it speaks now, while they are heard", () => {
  expect(spokenWire(machine, { of: () => undefined })).toBe(wireVersion);
  expect(spokenWire(machine, heard(1, "bus"))).toBe(1);
  expect(spokenWire(machine, heard(1, "git"))).toBe(wireVersion);
});

test("a machine that was replaced by one of another version is found out by its beat", () => {
  expect(machineTrouble(machine, heard(wireVersion, "bus"))).toBeUndefined();
  expect(machineTrouble(machine, heard(wireVersion - 1, "bus"))).toBeUndefined();
  expect(machineTrouble(machine, heard(wireVersion - 2, "bus"))).toContain("upgrade the machine");
  expect(machineTrouble(machine, heard(wireVersion + 1, "bus"))).toContain(
    "upgrade the town first",
  );
});
