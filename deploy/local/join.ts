// `gt join`: a rig-agent here that joins a running town, in the background like `gt up`.

import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Command } from "commander";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { callName } from "#services/gt/call-name.ts";
import { forgetHome, rememberHome } from "#services/gt/known-homes.ts";
import { connectRpc } from "#services/rpc/client.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { type ProcessTable, systemProcesses } from "#services/runtime/process-table.ts";
import { address, isLoopback, machine, wholeNumber } from "./command/options.ts";
import { type CommandPorts, runCommand } from "./command/run.ts";
import { joinLine } from "./home/belong.ts";
import { openHome, withHomeLock } from "./home/home.ts";
import { namesIn, settingsOf } from "./home/settings.ts";
import {
  changeTownFile,
  emptyTownFile,
  type ProcessMark,
  readTownFile,
  writeTownFile,
} from "./home/town-file.ts";
import { machineName } from "./process/plan.ts";
import { startMachine } from "./process/start.ts";
import { isAlive, stopAgent, stopMachine } from "./process/stop.ts";

type Options = {
  readonly town: string;
  readonly home: string;
  readonly machine: string;
  readonly rigs?: string;
  readonly polecatsMax?: number;
  readonly insecure?: boolean;
  readonly foreground?: boolean;
  readonly json?: boolean;
};

const lookMs = 500;

const program = new Command("gt join")
  .description("Start a rig-agent that joins a running town.")
  .requiredOption(
    "--town <address>",
    "the town's host:port, as `gt status` there shows it",
    address,
  )
  .option("--home <folder>", "where everything is kept", join(".gastown", "town"))
  .option("--machine <name>", "what this machine is called", machine, machineName(hostname()))
  .option("--rigs <names>", "the rigs it serves, with commas, or all; as before if absent")
  .option("--polecats-max <count>", "how many polecats may work here at once", wholeNumber)
  .option("--insecure", "join a town on another host, over a network that you trust")
  .option("--foreground", "stay until Ctrl-C, which ends the rig-agent and its polecats")
  .option("--json", "answer in JSON");

await runCommand(program, process.argv.slice(2), async (options: Options, ports) => {
  const home = resolve(options.home);
  if (!isLoopback(options.town) && !options.insecure) {
    const why = "machines do not prove who they are yet, and the way there is not encrypted";
    throw new TownError("denied", `${options.town} is on another host: ${why}; say --insecure`);
  }
  await openHome(home);
  const table = systemProcesses();
  const mark = await withHomeLock(home, () => joinTown(home, options, table, ports));
  if (options.foreground) await stayUntilEnd(home, options.machine, mark, table, ports.signal);
  return 0;
});

async function joinTown(
  home: string,
  options: Options,
  table: ProcessTable,
  ports: CommandPorts,
): Promise<ProcessMark> {
  const { town: at, machine: name, json } = options;
  const known = readTownFile(home);
  if (known && known.address !== "" && known.address !== at) {
    throw await othersHome(home, known.address, options, ports.signal);
  }
  const { town, rigs: there } = await askTown(at, ports.signal);
  tellUnknown(options, there, ports);
  if (known === undefined) writeTownFile(home, emptyTownFile);
  changeTownFile(home, (file) => ({ ...file, town, address: at }));
  const before = known?.pids[`machines/${name}`];
  const wasUp = before !== undefined && (await isAlive(table, before));
  const { rigs, polecatsMax, changes } = settingsOf(known?.machines[name], options);
  const isChanged = wasUp && changes.length > 0;
  if (isChanged) await stopAgent(home, name, table); // Its polecats go on.
  const settings = { machine: name, townAddress: at, rigs, polecatsMax };
  const mark =
    wasUp && !isChanged
      ? before
      : await startMachine(home, settings, { table, signal: ports.signal }).catch(
          async (error: unknown) => {
            await (isChanged ? stopAgent : stopMachine)(home, name, table);
            // A home that was never a member's names no town, or `gt up` would take its place.
            if (known === undefined) writeTownFile(home, emptyTownFile);
            throw error;
          },
        );
  rememberHome(home, process.env);
  const words = wasUp ? "has joined already" : "has joined";
  const changed = isChanged ? ` Its rig-agent started again: ${changes.join(", ")}.` : "";
  const told = { town, address: at, machine: name, home, wasUp, changes: isChanged ? changes : [] };
  const text = `${name} ${words} the town ${town} at ${at}; its home is ${home}.${changed}\n`;
  ports.write(json ? `${JSON.stringify(told)}\n` : text);
  return mark;
}

/** A rig may be added later, but most often the name is mistyped, and then nothing ever comes. */
function tellUnknown({ rigs }: Options, there: readonly string[], { say }: CommandPorts): void {
  const unknown = namesIn(rigs)?.filter((rig) => !there.includes(rig)) ?? [];
  if (unknown.length === 0) return;
  const known = there.length > 0 ? `there are ${there.join(", ")}` : "there is none yet";
  say(`gt: the town has no rig ${unknown.join(", ")} (${known}); it is served once it is added`);
}

/** Most often it is the address that is wrong; whether somebody answers there tells. */
async function othersHome(
  home: string,
  address: string,
  { town: at, machine: name, rigs }: Options,
  signal: AbortSignal,
): Promise<TownError> {
  const what = `${home} belongs to the town at ${address}`;
  const isThere = await askTown(at, signal).then(
    () => true,
    () => false,
  );
  if (isThere) {
    const todo = "give this machine a home of its own there: --home <folder>";
    return new TownError("state", `${what}, not to the one at ${at}; ${todo}`);
  }
  const line = joinLine(callName(process.env), {
    address,
    machine: name,
    rigs: namesIn(rigs) ?? [],
  });
  return new TownError("state", `nobody answers at ${at}, and ${what}: join that by \`${line}\``);
}

/** Asked first, because a rig-agent that finds nobody would say so only in its log. */
async function askTown(at: string, signal: AbortSignal) {
  const rpc = connectRpc({ address: at, retriesMax: 1 });
  const within = { signal, timeoutMs: 10_000 };
  try {
    const { town } = await rpc.client(TownService).getTown({}, within);
    const { rigs } = await rpc.client(FleetService).listRigs({}, within);
    return { town, rigs: rigs.map(({ name }) => name) };
  } finally {
    rpc.close();
  }
}

async function stayUntilEnd(
  home: string,
  name: string,
  mark: ProcessMark,
  table: ProcessTable,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && (await isAlive(table, mark))) {
    await wait(lookMs, undefined, { signal }).catch(() => undefined);
  }
  await withHomeLock(home, async () => {
    await stopMachine(home, name, table);
    changeTownFile(home, (file) => {
      const { [name]: _, ...machines } = file.machines; // It was here as long as it was watched.
      return { ...file, machines };
    });
    const { pids = {} } = readTownFile(home) ?? {};
    if (Object.keys(pids).length === 0) forgetHome(home, process.env);
  });
}
