// The main job: a federated town that does real work, with one command. `npm start` is this.

import { rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { processTerminal } from "#services/gt/terminal.ts";
import { connectRpc, type RpcClient } from "#services/rpc/client.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { type ProcessTable, systemProcesses } from "#services/runtime/process-table.ts";
import { findNatsServer } from "../setup/nats-server.ts";
import { projectRoot } from "../setup/set-up.mjs";
import { type CommandPorts, runCommand } from "./command/run.ts";
import { type Fleet, machines, rigs } from "./demo/fleet.ts";
import { startProcesses } from "./demo/fleet-processes.ts";
import { backLine, interrupt, isMidStep, type Killing } from "./demo/interrupt.ts";
import { bareRemote, sampleRemote } from "./demo/remotes.ts";
import { gatherOutcome, killOutcome, untilQuiet, verify } from "./demo/run.ts";
import { type Outcome, summarize, summaryTable, verdict } from "./demo/summary.ts";
import { openView, type View } from "./demo/view.ts";
import { type WatchEnd, watchEpic } from "./demo/watch.ts";
import { giveWork, type Work } from "./demo/work.ts";
import { openHome, removeHome } from "./home/home.ts";
import { emptyTownFile, noteProcess, writeTownFile } from "./home/town-file.ts";
import { stopHome } from "./process/stop.ts";

type Options = {
  readonly exit?: boolean;
  readonly json?: boolean;
  readonly kill?: string;
  readonly home?: string;
};

const limitMs = 5 * 60_000;
const terminal = processTerminal();

const program = new Command("npm start --")
  .description("Start a town with two machines, have them do an epic of work, and tell what came.")
  .option("--exit", "end when the work is done; else the town stays until Ctrl-C")
  .option("--json", "end with one line of JSON")
  .option("--kill <machine>", `SIGKILL a machine in mid-step: ${machines.join(" or ")}`)
  .option("--home <folder>", "where everything is kept (default: .gastown/demo)");

await runCommand(program, process.argv.slice(2), async (options: Options, ports) => {
  const { kill } = options;
  if (kill !== undefined && !machines.some((name) => name === kill)) {
    program.error(`there is no machine ${kill}; --kill takes ${machines.join(" or ")}`);
  }
  const home = resolve(options.home ?? join(projectRoot, ".gastown", "demo"));
  const table = systemProcesses();
  await beginAnew(home, table);
  const startMs = performance.now();
  let fleet: Fleet | undefined;
  try {
    const remotes = await makeRemotes(home, ports.signal);
    fleet = await startFleet(home, remotes.ledger, table, options, ports);
    const rpc = connectRpc({ address: fleet.address, principal: "overseer" });
    try {
      const ok = await play({ home, options, ports, fleet, rpc, remotes, startMs });
      if (!options.exit) await stay(fleet, home, ports);
      return ok ? 0 : 1;
    } finally {
      rpc.close();
    }
  } finally {
    await fleet?.stop?.();
    await stopHome(home, table);
  }
});

/** End what an earlier run left, remove its home, and begin with an empty one. */
async function beginAnew(home: string, table: ProcessTable): Promise<void> {
  await openHome(home);
  await stopHome(home, table);
  await removeHome(home);
  writeTownFile(home, emptyTownFile);
  const startTime = (await table.row(process.pid))?.startTime ?? "";
  noteProcess(home, "demo", { pid: process.pid, startTime });
}

type Remotes = { readonly ledger: string; readonly rigs: Readonly<Record<string, string>> };

async function makeRemotes(home: string, signal: AbortSignal): Promise<Remotes> {
  const [ledger, ...made] = await Promise.all([
    bareRemote(join(home, "remotes", "ledger.git"), signal),
    ...rigs.map(async ({ name }) => [name, await sampleRemote(home, name, signal)] as const),
  ]);
  await rm(join(home, "seed"), { recursive: true, force: true });
  return { ledger, rigs: Object.fromEntries(made) };
}

async function startFleet(
  home: string,
  ledgerRemote: string,
  table: ProcessTable,
  { kill }: Options,
  { signal, say }: CommandPorts,
): Promise<Fleet> {
  const server = await findNatsServer({ home, env: process.env, say, signal });
  const options = { home, ledgerRemote, signal };
  if ("path" in server) return startProcesses({ ...options, server, table });
  if (kill !== undefined) {
    const why = "everything would be one process, in which no machine can be killed";
    throw new TownError("state", `--kill needs a nats-server: ${why}.\n${server.missing}`);
  }
  say(`${server.missing}\nGoing on without one, in a single process.`);
  const { startSingle } = await import("./demo/fleet-single.ts");
  return startSingle(options);
}

type Play = {
  readonly home: string;
  readonly options: Options;
  readonly ports: CommandPorts;
  readonly fleet: Fleet;
  readonly rpc: RpcClient;
  readonly remotes: Remotes;
  readonly startMs: number;
};

/** Have the work done, watch it, verify it, and tell what came of it. */
async function play(on: Play): Promise<boolean> {
  const { options, ports, rpc, remotes, startMs } = on;
  const { signal } = ports;
  const work = await giveWork(rpc, remotes.rigs, signal);
  const ids = new Set(work.ids);
  const json = options.json === true;
  const view = await openView(terminal, { json, isWork: (id) => ids.has(id) });
  const { end, killing } = await watch(on, work, view);
  view.done();
  const say = json ? ports.say : (line: string) => ports.write(`${line}\n`);
  if (end.kind === "hangs") for (const line of end.why) say(line);
  else await untilQuiet(rpc, signal);
  const verification = await verify(remotes.ledger, signal);
  for (const reason of verification.reasons) say(`not verified: ${reason}`);
  const killed = await killedBy(options.kill, killing, remotes.ledger, signal);
  const outcome: Outcome = {
    ...(await gatherOutcome(rpc, work, end, signal)),
    verified: verification.verified,
    killed,
    elapsedMs: performance.now() - startMs,
  };
  const summary = summarize(outcome);
  say(`\n${summaryTable(outcome, terminal.columns())}\n`);
  say(verdict(summary));
  if (killed?.interrupted === 0) say(`${killed.account.machine} was not in mid-step when killed.`);
  if (json) ports.write(`${JSON.stringify(summary)}\n`);
  return summary.ok;
}

/** What a kill did; one that was asked for and found no moment for it counts as none. */
async function killedBy(
  machine: string | undefined,
  killing: Killing | undefined,
  ledger: string,
  signal: AbortSignal,
): Promise<Outcome["killed"]> {
  if (machine === undefined) return undefined;
  return killOutcome(killing ?? { machine, interrupted: [], before: [] }, ledger, signal);
}

/** Watch the epic to its end; on the way kill a machine, once, where that was asked for. */
async function watch(
  { home, options, ports, fleet, rpc }: Play,
  { epic }: Work,
  view: View,
): Promise<{ end: WatchEnd; killing: Killing | undefined }> {
  const machine = options.kill;
  let killing: Promise<Killing> | undefined;
  const watcher = {
    ...view,
    event: (event: Parameters<View["event"]>[0]) => {
      view.event(event);
      if (machine === undefined || killing !== undefined || !isMidStep(event, machine)) return;
      view.say(`Killing ${machine} and its polecats, after ${event.bead?.id}.`);
      killing = interrupt(home, machine, fleet).then((killed) => {
        view.say(backLine(killed));
        return killed;
      });
      killing.catch(() => {}); // Told where it is waited for.
    },
  };
  const end = await watchEpic(rpc, { epic, limitMs }, watcher, ports.signal);
  return { end, killing: await killing };
}

/** Stay up, say how to go on, and wait for Ctrl-C. */
async function stay(fleet: Fleet, home: string, { signal, say }: CommandPorts): Promise<void> {
  const isFound = home === join(process.cwd(), ".gastown", "demo");
  const at = isFound ? "" : ` --home ${relative(process.cwd(), home) || "."}`;
  const lines = [
    `\nThe town stays up at ${fleet.address} (gRPC, with reflection). Next, in another terminal:`,
    `  npx gt status${at}`,
    `  npx gt list${at}`,
    `  npx gt show alpha-cli${at}`,
    "Ctrl-C stops everything.",
  ];
  for (const line of lines) say(line);
  if (!signal.aborted) {
    await new Promise<void>((done) => signal.addEventListener("abort", () => done()));
  }
  say("\nStopping …");
}
