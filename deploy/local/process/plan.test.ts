import { expect, test } from "vitest";
import { daemonEnvironment, machineName, machinePlan, townPlan } from "./plan.ts";

test("town and rig-agent get their own folders, and everything they must know", () => {
  const town = townPlan("/h", {
    town: "demo",
    listen: "127.0.0.1:0",
    natsUrl: "",
    ledgerRemote: "/h/remotes/ledger.git",
  });
  expect(town).toMatchObject({
    name: "town",
    logPath: "/h/town/town.log",
    settings: { GT_HOME: "/h/town", GT_NATS_URL: "", GT_INSECURE: "false" },
  });
  const agent = machinePlan("/h", {
    machine: "vm-a",
    townAddress: "127.0.0.1:1",
    rigs: ["a", "b"],
  });
  expect(agent).toMatchObject({
    name: "machines/vm-a",
    settings: { GT_HOME: "/h/machines/vm-a", GT_RIGS: "a,b" },
  });
  expect(agent.settings).not.toHaveProperty("GT_POLECATS_MAX");
});

test("what points gt or git elsewhere is not passed on", () => {
  const inherited = { PATH: "/bin", GIT_DIR: "/x", GT_TOWN: "else:1", GT_LOG_LEVEL: "debug" };
  expect(daemonEnvironment(inherited, { GT_HOME: "/h" })).toEqual({
    PATH: "/bin",
    GT_LOG_LEVEL: "debug",
    GT_HOME: "/h",
  });
});

test.for([
  ["Build-Box.example.org", "build-box"],
  ["ip-10-0-0-1", "ip-10-0-0-1"],
  ["7of9", "of9"],
  ["town", "local"],
  ["", "local"],
  ["Łódź", "d"],
] as const)("the host %s is the machine %s", ([host, name]) => {
  expect(machineName(host)).toBe(name);
});
