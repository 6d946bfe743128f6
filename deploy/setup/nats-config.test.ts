import { expect, test } from "vitest";
import { natsConfig } from "./nats-config.ts";

const settings = {
  version: "2.10.0",
  port: -1,
  portsDir: "/home/a b/ports",
  storeDir: "/home/a b/store",
  logFile: "/home/a b/nats.log",
  extraConfig: "max_payload: 1MB",
};

test("the server listens on loopback only, and paths with blanks are quoted", () => {
  const lines = natsConfig(settings).split("\n");
  expect(lines).toContain('host: "127.0.0.1"');
  expect(lines).toContain('  store_dir: "/home/a b/store"');
  expect(lines).toContain("max_payload: 1MB");
});

test.for([
  ["2.9.10", false],
  ["2.10.0", true],
  ["2.12.1", true],
  ["3.0.0", true],
] as const)("a %s server syncs every publish: %s", ([version, expected]) => {
  expect(natsConfig({ ...settings, version }).includes("sync_interval: always")).toBe(expected);
});
