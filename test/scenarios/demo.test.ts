import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { connectRpc } from "#services/rpc/client.ts";
import { whoIsLeft } from "./left-behind.ts";
import { type Said, scratchFolder, start } from "./running.ts";

/** The last line that it printed, read; where there is none, the failure says why. */
function answerOf({ out, err }: Said): unknown {
  const line = out.trimEnd().split("\n").at(-1) ?? "";
  if (!line.startsWith("{")) throw new Error(`no answer: ${out}${err}`);
  return JSON.parse(line);
}

const demo = "deploy/local/demo.ts";
const wholeMs = 240_000;

const done = {
  ok: true,
  beads: { closed: 16, open: 0 },
  landed: 15,
  machines: 2,
  rigs: 2,
  elapsedMs: expect.any(Number),
  verified: true,
};

test("the epic is done and verified; the town stays until Ctrl-C, which leaves nothing behind", {
  timeout: wholeMs,
}, async () => {
  const home = join(await scratchFolder(), "demo");
  const run = start(demo, ["--json", "--home", home]);
  const address = await run.until(/stays up at (\S+)/);
  const rpc = connectRpc({ address });
  const { rigs } = await rpc.client(FleetService).listRigs({});
  rpc.close();
  expect(rigs.map(({ name, machines }) => [name, ...machines])).toEqual([
    ["alpha", "vm-a"],
    ["beta", "vm-b"],
  ]);
  // nats-server, town, two rig-agents and the demo itself: with homes of their own.
  expect((await whoIsLeft(home)).length).toBeGreaterThanOrEqual(5);
  run.child.kill("SIGINT");
  const said = await run.ended;
  const { code, err } = said;
  expect(code).toBe(0);
  expect(answerOf(said)).toEqual({ ...done, bus: "nats" });
  expect(err.match(/^ {2}npx gt /gm)).toHaveLength(3);
  expect(await whoIsLeft(home)).toEqual([]);
});

test("a machine that is killed in mid-step, with its polecats, loses nothing and repeats nothing", {
  timeout: wholeMs,
}, async () => {
  const home = join(await scratchFolder(), "demo");
  const run = start(demo, ["--exit", "--json", "--kill", "vm-a", "--home", home]);
  const said = await run.ended;
  const { code, err } = said;
  const told = answerOf(said);
  const killed = { machine: "vm-a", stepsKept: expect.any(Number), stepsRepeated: 0 };
  expect(told, err).toEqual({ ...done, bus: "nats", killed });
  expect(told).not.toMatchObject({ killed: { stepsKept: 0 } });
  expect(code).toBe(0);
  expect(await whoIsLeft(home)).toEqual([]);
});

test("Ctrl-C in the middle of the work leaves no process behind either, no polecat too", {
  timeout: wholeMs,
}, async () => {
  const home = join(await scratchFolder(), "demo");
  const run = start(demo, ["--exit", "--home", home]);
  await run.until(/claimed +alpha-/);
  run.child.kill("SIGINT");
  expect((await run.ended).code).toBe(130);
  expect(await whoIsLeft(home)).toEqual([]);
});

test("without a nats-server it says how to get one, and all runs in one process", {
  timeout: wholeMs,
}, async () => {
  const home = join(await scratchFolder(), "demo");
  const env = { GT_NATS_SERVER: "/no/such/nats-server" };
  const run = start(demo, ["--exit", "--json", "--home", home], { env });
  const said = await run.ended;
  const { code, err } = said;
  const told = answerOf(said);
  expect(told, err).toEqual({ ...done, bus: "memory" });
  expect(err).toContain("GT_NATS_SERVER is /no/such/nats-server, which does not run");
  expect(code).toBe(0);
  expect(await whoIsLeft(home)).toEqual([]);
  const kill = start(demo, ["--exit", "--kill", "vm-a", "--home", home], { env });
  const refused = await kill.ended;
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("--kill needs a nats-server");
});

test.for([
  [["--kill", "vm-c"], "there is no machine vm-c; --kill takes vm-a or vm-b"],
  [["--speed", "9"], "unknown option '--speed'"],
  [["now"], "too many arguments"],
] as const)("%s is bad usage", async ([args, message]) => {
  const { code, err } = await start(demo, args).ended;
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test("a folder that is no home is refused and left as it is", async () => {
  const home = await scratchFolder();
  await mkdir(join(home, "precious"));
  const { code, err } = await start(demo, ["--home", home]).ended;
  expect(code).toBe(1);
  expect(err).toContain("cannot be a home: it holds other things");
  expect(existsSync(join(home, "precious"))).toBe(true);
});

test.for([
  ['{"version": 7}', /town\.json is of version 7, and this Gas Town knows 1/],
  ["{", /town\.json cannot be read: it is not JSON/],
] as const)(
  "a home whose town.json is %s is refused and left as it is",
  async ([text, message]) => {
    const home = await scratchFolder();
    await writeFile(join(home, "town.json"), text);
    for (const script of [demo, "deploy/local/up.ts", "deploy/local/down.ts"]) {
      const { code, err } = await start(script, ["--home", home]).ended;
      expect({ script, code, err }).toMatchObject({ code: 1, err: expect.stringMatching(message) });
    }
    expect(await readFile(join(home, "town.json"), "utf8")).toBe(text);
  },
);
