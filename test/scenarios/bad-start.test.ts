import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { runGt, runProgram } from "./gt.ts";
import { whoIsLeft } from "./left-behind.ts";
import { sceneMsMax } from "./town-fixture.ts";

vi.setConfig({ testTimeout: sceneMsMax, hookTimeout: sceneMsMax });

function scratch(): string {
  const home = mkdtempSync(join(tmpdir(), "gt-scene-"));
  onTestFinished(async () => {
    expect(await whoIsLeft(home)).toEqual([]);
    rmSync(home, { recursive: true, force: true });
  });
  return home;
}

async function busyPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("every problem of flags, environment and file is told at once, exit 2", async () => {
  const home = scratch();
  const config = join(home, "town.toml");
  writeFileSync(config, 'heartbeat_ms = "soon"\nledger_remote = "x"\ncolour = "red"\n');
  const args = ["--listen", "nowhere", "--home", home, "--speed", "9"];
  const env = { GT_CONFIG: config, GT_TOWN_NAME: "A Town", GT_LOG_LEVEL: "loud" };
  const town = await runProgram("town/main.ts", args, { cwd: home, env });
  expect(town).toMatchObject({ code: 2, stdout: "" });
  for (const words of [
    /--speed: no such setting; there are --town-name --home /,
    /town\.toml: colour: no such setting; there are town_name home /,
    /--listen \(GT_LISTEN\): host:port/,
    /--town-name \(GT_TOWN_NAME\): lower case letters/,
    /--log-level \(GT_LOG_LEVEL\): .*trace, debug, info, warn, error, silent/,
    /--heartbeat-ms \(GT_HEARTBEAT_MS\): /,
  ]) {
    expect(town.stderr).toMatch(words);
  }
  expect(town.stderr).not.toMatch(/\n +at /);

  writeFileSync(config, "heartbeat_ms = \n");
  const agent = await runProgram("rig-agent/main.ts", ["--config", config], { cwd: home, env: {} });
  expect(agent.code).toBe(2);
  expect(agent.stderr).toContain(config);
  expect(agent.stderr).toMatch(/--machine \(GT_MACHINE\): /);
  expect(agent.stderr).toMatch(/--home \(GT_HOME\): /);
});

test("a port in use is named, by the town and by gt up, and nothing is left behind", async () => {
  const home = scratch();
  const listen = await busyPort();
  const env = {
    GT_HOME: join(home, "own"),
    GT_LEDGER_REMOTE: join(home, "l.git"),
    GT_LISTEN: listen,
  };
  const town = await runProgram("town/main.ts", [], { cwd: home, env });
  expect(town.code).toBe(1);
  expect(town.stderr).toContain(listen);
  expect(town.stderr).toMatch(/in use/);
  expect(town.stderr).not.toMatch(/\n +at /);
  const up = await runGt(["up", "--home", join(home, "up"), "--listen", listen], { cwd: home });
  expect(up.code).toBe(3);
  expect(up.stderr).toContain(`${listen} is in use`);
});

test("homes of another version, corrupt or foreign, are refused untouched", async () => {
  const home = scratch();
  const [newer, corrupt, foreign] = ["newer", "corrupt", "foreign"].map((name) => join(home, name));
  const texts = [
    [newer, "town.json", '{"version":2,"town":"later"}'],
    [corrupt, "town.json", '{"version":1,"tow'],
    [foreign, "thesis.txt", "Chapter one"],
  ] as const;
  for (const [folder = "", name, text] of texts) {
    mkdirSync(folder);
    writeFileSync(join(folder, name), text);
  }
  const up = (folder = "") => runGt(["up", "--home", folder], { cwd: home });
  const late = await up(newer);
  expect(late.stderr).toMatch(/town\.json is of version 2, and this Gas Town knows 1/);
  const torn = await up(corrupt);
  expect(torn.stderr).toMatch(/town\.json cannot be read: it is not JSON/);
  const others = await up(foreign);
  expect(others.stderr).toMatch(/foreign cannot be a home: it holds other things/);
  expect([late.code, torn.code, others.code]).toEqual([1, 1, 1]);
  const down = await runGt(["down", "--purge", "--force", "--home", foreign ?? ""], { cwd: home });
  expect(down.code).toBe(1);
  for (const [folder = "", name, text] of texts) {
    expect(readFileSync(join(folder, name), "utf8")).toBe(text);
  }
});

test("a machine's home of another version, or another's, is refused", async () => {
  const home = scratch();
  const agent = (machine: string) =>
    runProgram("rig-agent/main.ts", ["--machine", machine, "--home", home], { cwd: home, env: {} });
  writeFileSync(join(home, "machine.json"), '{"version":7,"machine":"vm-a"}');
  const newer = await agent("vm-a");
  expect(newer.code).toBe(2);
  expect(newer.stderr).toMatch(/machine\.json is of version 7, and this Gas Town knows 1/);
  writeFileSync(join(home, "machine.json"), "{torn");
  expect((await agent("vm-a")).stderr).toMatch(
    /machine\.json cannot be read: it is not JSON; move/,
  );
  const known = {
    version: 1,
    machine: "vm-a",
    town: "t",
    natsUrl: "",
    ledgerRemote: "x",
    socket: "y",
  };
  writeFileSync(join(home, "machine.json"), JSON.stringify(known));
  const other = await agent("vm-b");
  expect(other.code).toBe(2);
  expect(other.stderr).toContain(`${home} is the home of machine vm-a, not vm-b`);
});
