// `gt up`: a town and one rig-agent in the background, in one home. Twice is once.

import { hostname } from "node:os";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { runGit } from "#services/git/run-git.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { findNatsServer } from "../setup/nats-server.ts";
import { address, isLoopback, machine, wholeNumber } from "./command/options.ts";
import { type CommandPorts, runCommand } from "./command/run.ts";
import { bareRemote } from "./demo/remotes.ts";
import { openHome, withHomeLock } from "./home/home.ts";
import { emptyTownFile, readTownFile, type TownFile, writeTownFile } from "./home/town-file.ts";
import { machineName } from "./process/plan.ts";
import { isFree, splitAddress } from "./process/port.ts";
import { type HomePorts, startBus, startMachine, startTown } from "./process/start.ts";
import { isAlive, stopHome } from "./process/stop.ts";

type Options = {
  readonly home: string;
  readonly machine: string;
  readonly polecatsMax?: number;
  readonly listen?: string;
  readonly ledger?: string;
  readonly insecure?: boolean;
  readonly json?: boolean;
};

const loopback = "127.0.0.1";
const ledgerMsMax = 20_000;

const program = new Command("gt up")
  .description("Start a town and one rig-agent in the background.")
  .option("--home <folder>", "where everything is kept", join(".gastown", "town"))
  .option("--machine <name>", "what this machine is called", machine, machineName(hostname()))
  .option("--polecats-max <count>", "how many polecats may work here at once", wholeNumber)
  .option("--listen <address>", "where the town answers (a free port on loopback)", address)
  .option("--ledger <remote>", "the ledger's git remote (a new one in the home)")
  .option("--insecure", "listen beyond loopback, where anyone who reaches it may do anything")
  .option("--json", "answer in JSON");

await runCommand(program, process.argv.slice(2), async (options: Options, ports) => {
  const home = resolve(options.home);
  refuseBeyondLoopback(options, ports);
  await openHome(home);
  return withHomeLock(home, () => up(home, options, ports));
});

function refuseBeyondLoopback({ listen, insecure }: Options, { say }: CommandPorts): void {
  if (listen === undefined || isLoopback(listen)) return;
  if (!insecure) {
    throw new TownError(
      "denied",
      `${listen} can be reached from other hosts, and nobody is asked who they are: listen on ` +
        "loopback, or say --insecure on a network that you trust",
    );
  }
  say(`gt: WARNING: whoever reaches ${listen} may do anything in this town, this machine included`);
}

async function up(home: string, options: Options, ports: CommandPorts): Promise<number> {
  const table = systemProcesses();
  const known = readTownFile(home);
  const running = new Set<string>();
  for (const [name, mark] of Object.entries(known?.pids ?? {})) {
    if (await isAlive(table, mark)) running.add(name);
  }
  if (running.has("demo")) throw new TownError("state", `the demo runs in ${home}; end it first`);
  const wasUp = running.has("town") && running.has(`machines/${options.machine}`);
  if (!wasUp) {
    if (known === undefined) writeTownFile(home, emptyTownFile);
    if (!running.has("town") && known) await stopHome(home, table); // What outlived its town.
    try {
      await start(home, options, ports, { table, signal: ports.signal });
    } catch (error) {
      if (!running.has("town")) await stopHome(home, table);
      throw error;
    }
  }
  tell(home, wasUp, options, ports);
  return 0;
}

async function start(
  home: string,
  options: Options,
  { say }: CommandPorts,
  ports: HomePorts,
): Promise<void> {
  const { machine: name, insecure = false } = options;
  const known = readTownFile(home) ?? emptyTownFile;
  if (known.pids["town"] === undefined || !(await isAlive(ports.table, known.pids["town"]))) {
    const listen = await listenOn(options.listen, known, say);
    const ledgerRemote = await ledgerOf(home, options.ledger, known, ports.signal);
    const natsUrl = await startBusFor(home, known, splitAddress(listen).host, say, ports);
    await startTown(home, { town: "town", listen, natsUrl, ledgerRemote, insecure }, ports);
  }
  const { address: townAddress } = readTownFile(home) ?? known;
  const polecatsMax = options.polecatsMax?.toString();
  await startMachine(home, { machine: name, townAddress, polecatsMax }, ports);
}

/** The ledger's remote. A new one must answer; one that is known may be away for a while. */
async function ledgerOf(
  home: string,
  wanted: string | undefined,
  known: TownFile,
  signal: AbortSignal,
): Promise<string> {
  if (wanted === undefined || wanted === known.ledgerRemote) {
    const own = join(home, "remotes", "ledger.git");
    return known.ledgerRemote || bareRemote(own, signal);
  }
  const remote = /^[./~]/.test(wanted) ? resolve(wanted) : wanted;
  try {
    await runGit(["ls-remote", "--quiet", remote], { cwd: home, signal, timeoutMs: ledgerMsMax });
  } catch (cause) {
    if (!isTownError(cause)) throw cause;
    const message = `the ledger ${remote} cannot be used: ${cause.message}`;
    throw new TownError(cause.reason, message, { cause });
  }
  return remote;
}

/** The address of last time, since others may know it; a free port where it is taken by now. */
async function listenOn(
  wanted: string | undefined,
  known: TownFile,
  say: CommandPorts["say"],
): Promise<string> {
  const address = wanted ?? known.address;
  if (address === "" || address.endsWith(":0")) return wanted ?? `${loopback}:0`;
  const { host, port } = splitAddress(address);
  if (await isFree(host, port)) return address;
  if (wanted !== undefined) {
    throw new TownError("unavailable", `${address} is in use; choose another with --listen`);
  }
  say(`gt: ${address}, where the town was, is in use; it takes another port`);
  return `${host}:0`;
}

async function startBusFor(
  home: string,
  known: TownFile,
  host: string,
  say: CommandPorts["say"],
  ports: HomePorts,
): Promise<string> {
  const server = await findNatsServer({ home, env: process.env, say, signal: ports.signal });
  if ("missing" in server) {
    say(`${server.missing}\ngt: going on without NATS: everything runs over git alone, slower`);
    return "";
  }
  const before = known.natsUrl === "" ? undefined : Number(new URL(known.natsUrl).port);
  const port = before !== undefined && (await isFree(host, before)) ? before : undefined;
  await startBus(home, server, { port, host: host === loopback ? undefined : host }, ports);
  return readTownFile(home)?.natsUrl ?? "";
}

function tell(home: string, wasUp: boolean, options: Options, { write }: CommandPorts): void {
  const { town = "", address: at = "", natsUrl = "" } = readTownFile(home) ?? {};
  if (options.json) {
    const bus = natsUrl === "" ? "git" : "nats";
    const told = { town, address: at, bus, home, machine: options.machine, wasUp };
    write(`${JSON.stringify(told)}\n`);
    return;
  }
  const found = [join(".gastown", "town"), join(".gastown", "demo")];
  const flag = found.some((path) => resolve(path) === home)
    ? ""
    : ` --home ${relative(process.cwd(), home)}`;
  const lines = [
    wasUp
      ? `The town is up already at ${at}, with machine ${options.machine}.`
      : `The town is up at ${at}, with machine ${options.machine}; its home is ${home}.`,
    "Next:",
    `  npx gt rig add <name> <path or URL> --gate "npm test"${flag}`,
    `  npx gt create "…" --rig <name>${flag}`,
    `  npx gt watch${flag}`,
    `  npx gt down${flag}`,
  ];
  write(`${lines.join("\n")}\n`);
}
