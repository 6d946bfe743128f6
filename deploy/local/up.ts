// `gt up`: a town and one rig-agent in the background, in one home. Twice is once.

import { hostname } from "node:os";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { runGit } from "#services/git/run-git.ts";
import { callName } from "#services/gt/call-name.ts";
import { rememberHome } from "#services/gt/known-homes.ts";
import { runningTowns } from "#services/gt/read-homes.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { findNatsServer } from "../setup/nats-server.ts";
import { address, isLoopback, machine, wholeNumber } from "./command/options.ts";
import { type CommandPorts, runCommand } from "./command/run.ts";
import { upText } from "./command/tell-up.ts";
import { bareRemote } from "./demo/remotes.ts";
import { isJoinedOnly, joinLine, machinesOf } from "./home/belong.ts";
import { openHome, withHomeLock } from "./home/home.ts";
import { emptyTownFile, readTownFile, type TownFile, writeTownFile } from "./home/town-file.ts";
import { machineName, type TownSettings } from "./process/plan.ts";
import { isFree, splitAddress } from "./process/port.ts";
import { type HomePorts, startBus, startMachine, startTown } from "./process/start.ts";
import { isAlive, stopHome } from "./process/stop.ts";
import { calledFrom, listenOn } from "./process/town-address.ts";

type Options = {
  readonly home: string;
  readonly machine?: string;
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
  .option("--machine <name>", "what this machine is called (by the host)", machine)
  .option("--polecats-max <count>", "how many polecats may work here at once", wholeNumber)
  .option("--listen <address>", "where the town answers (127.0.0.1:7420)", address)
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
  if (isJoinedOnly(known)) throw joinedOnly(home, known);
  const townWasUp = running.has("town");
  const wanted = machinesOf(known, options.machine, machineName(hostname()));
  const started = wanted.filter((name) => !townWasUp || !running.has(`machines/${name}`));
  if (townWasUp) tellIgnored(wanted, started, options, ports);
  else await tellOthers(home, ports);
  if (known === undefined) writeTownFile(home, emptyTownFile);
  if (!townWasUp && known) await stopHome(home, table); // What outlived its town.
  try {
    await start(home, started, options, ports, { table, signal: ports.signal });
  } catch (error) {
    if (!townWasUp) await stopHome(home, table);
    throw error;
  }
  rememberHome(home, process.env);
  tell(home, { townWasUp, started, wanted }, options, ports);
  return 0;
}

function joinedOnly(home: string, { town, address: at, machines }: TownFile): TownError {
  const lines = Object.entries(machines).map(
    ([machine, { rigs }]) =>
      `\n    ${joinLine(callName(process.env), { address: at, machine, rigs })}`,
  );
  const what = `${home} is the home of machines that joined the town ${town} at ${at}`;
  return new TownError(
    "state",
    `${what}; they start again by the lines below, and a town of its own wants another --home` +
      lines.join(""),
  );
}

/** What was asked for and is not done, since it is decided when a process starts. */
function tellIgnored(
  wanted: readonly string[],
  started: readonly string[],
  { polecatsMax, listen, ledger, machine: told }: Options,
  { say }: CommandPorts,
): void {
  const later = "takes effect after `gt down`, when it is given to the next `gt up`";
  const isOn = (told === undefined ? wanted : [told]).some((name) => !started.includes(name));
  if (polecatsMax !== undefined && isOn)
    say(`gt: the machine runs already; --polecats-max ${later}`);
  if (listen !== undefined) say(`gt: the town runs already; --listen ${later}`);
  if (ledger !== undefined) say(`gt: the town runs already; --ledger ${later}`);
}

async function tellOthers(home: string, { say }: CommandPorts): Promise<void> {
  for (const { path, file } of await runningTowns(process.env)) {
    if (path === home) continue;
    say(`gt: another town runs at ${file.address} (--home ${path}); this starts one more`);
  }
}

async function start(
  home: string,
  machines: readonly string[],
  options: Options,
  { say }: CommandPorts,
  ports: HomePorts,
): Promise<void> {
  const known = readTownFile(home) ?? emptyTownFile;
  if (known.pids["town"] === undefined || !(await isAlive(ports.table, known.pids["town"]))) {
    const ledgerRemote = await ledgerOf(home, options.ledger, known, ports.signal);
    const listen = await listenOn(options.listen, known.address, say);
    const natsUrl = await startBusFor(home, known, splitAddress(listen).host, say, ports);
    const { insecure = false } = options;
    const settings = { town: "town", listen, natsUrl, ledgerRemote, insecure };
    await startTownAt(home, settings, options.listen === undefined, ports);
  }
  const { address: townAddress, machines: records } = readTownFile(home) ?? known;
  for (const machine of machines) {
    const isMeant = options.machine === undefined || options.machine === machine;
    const { rigs, polecatsMax: before } = records[machine] ?? {};
    const polecatsMax = (isMeant ? options.polecatsMax?.toString() : undefined) ?? before;
    await startMachine(home, { machine, townAddress, rigs, polecatsMax }, ports);
  }
}

/** Between the look at a port and its use somebody else may take it; any other will do then. */
async function startTownAt(
  home: string,
  settings: TownSettings,
  mayMove: boolean,
  ports: HomePorts,
): Promise<void> {
  try {
    await startTown(home, settings, ports);
  } catch (error) {
    const { host, port } = splitAddress(settings.listen);
    if (!mayMove || port === 0 || (await isFree(host, port))) throw error;
    await startTown(home, { ...settings, listen: `${host}:0` }, ports);
  }
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

type Done = {
  readonly townWasUp: boolean;
  readonly started: readonly string[];
  readonly wanted: readonly string[];
};

function tell(home: string, done: Done, options: Options, { write }: CommandPorts): void {
  const { townWasUp, started, wanted } = done;
  const { town = "", address: at = "", natsUrl = "", pids = {} } = readTownFile(home) ?? {};
  const running = Object.keys(pids).flatMap((name) => /^machines\/(.+)$/.exec(name)?.[1] ?? []);
  const machines = [...new Set([...wanted, ...running])];
  if (options.json) {
    const bus = natsUrl === "" ? "git" : "nats";
    const wasUp = townWasUp && started.length === 0;
    const told = { town, address: at, bus, home, machine: wanted[0], machines, started, wasUp };
    write(`${JSON.stringify(told)}\n`);
    return;
  }
  const found = [join(".gastown", "town"), join(".gastown", "demo")];
  const isFound = found.some((path) => resolve(path) === home);
  const story = {
    call: callName(process.env),
    home,
    flag: isFound ? "" : ` --home ${relative(process.cwd(), home)}`,
    address: calledFrom(at),
    townWasUp,
    started,
    machines,
    insecure: !isLoopback(at),
  };
  write(upText(story));
}
