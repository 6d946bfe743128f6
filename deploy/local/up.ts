// `gt up`: a town and one rig-agent in the background, in one home. Twice is once.

import { hostname } from "node:os";
import { join, relative, resolve } from "node:path";
import { Command } from "commander";
import { runGit } from "#services/git/run-git.ts";
import { callName } from "#services/gt/call-name.ts";
import { rememberHome } from "#services/gt/known-homes.ts";
import { runningTowns } from "#services/gt/read-homes.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { type ProcessTable, systemProcesses } from "#services/runtime/process-table.ts";
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
import { isAlive, stopAgent, stopHome } from "./process/stop.ts";
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
  const running = await runningIn(known, table);
  if (running.has("demo")) throw new TownError("state", `the demo runs in ${home}; end it first`);
  if (isJoinedOnly(known)) throw joinedOnly(home, known);
  const wanted = machinesOf(known, options.machine, machineName(hostname()));
  const missing = wanted.filter((name) => !running.has(`machines/${name}`));
  tellIgnored({ wanted, missing, running }, options, ports);
  if (!running.has("town")) await tellOthers(home, ports);
  if (known === undefined) writeTownFile(home, emptyTownFile);
  try {
    const homePorts = { table, signal: ports.signal };
    const moved = await startTownIn(home, running, options, ports, homePorts);
    await startMachines(home, moved ? wanted : missing, options, homePorts);
  } catch (error) {
    if (running.size === 0) await stopHome(home, table);
    throw error;
  }
  rememberHome(home, process.env);
  tell(home, { running, wanted }, options, ports);
  return 0;
}

/** What of a home runs, by name. */
async function runningIn(known: TownFile | undefined, table: ProcessTable): Promise<Set<string>> {
  const running = new Set<string>();
  for (const [name, mark] of Object.entries(known?.pids ?? {})) {
    if (await isAlive(table, mark)) running.add(name);
  }
  return running;
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

type Found = {
  readonly running: ReadonlySet<string>;
  readonly wanted: readonly string[];
  readonly missing: readonly string[];
};

/** What was asked for and is not done, since it is decided when a process starts. */
function tellIgnored(
  { running, wanted, missing }: Found,
  { polecatsMax, listen, ledger, machine: told }: Options,
  { say }: CommandPorts,
): void {
  const later = "takes effect after `gt down`, when it is given to the next `gt up`";
  const isOn = (told === undefined ? wanted : [told]).some((name) => !missing.includes(name));
  if (polecatsMax !== undefined && isOn)
    say(`gt: the machine runs already; --polecats-max ${later}`);
  if (!running.has("town")) return;
  if (listen !== undefined) say(`gt: the town runs already; --listen ${later}`);
  if (ledger !== undefined) say(`gt: the town runs already; --ledger ${later}`);
}

async function tellOthers(home: string, { say }: CommandPorts): Promise<void> {
  for (const { path, file } of await runningTowns(process.env)) {
    if (path === home) continue;
    say(`gt: another town runs at ${file.address} (--home ${path}); this starts one more`);
  }
}

/**
 * Start the bus and the town where they do not run. What runs goes on as it is: a town that died
 * has to cost no worker anything.
 *
 * @returns whether the town or its bus moved, so that rig-agents had to be ended to be told
 */
async function startTownIn(
  home: string,
  running: ReadonlySet<string>,
  options: Options,
  { say }: CommandPorts,
  ports: HomePorts,
): Promise<boolean> {
  const known = readTownFile(home) ?? emptyTownFile;
  const hasTown = running.has("town");
  const hasBus = running.has("nats");
  if (hasTown && (hasBus || known.natsUrl === "")) return false;
  const ledgerRemote = await ledgerOf(home, options.ledger, known, ports.signal);
  const listen = hasTown ? known.address : await listenOn(options.listen, known.address, say);
  const natsUrl = hasBus
    ? known.natsUrl
    : await startBusFor(home, known, splitAddress(listen).host, say, ports);
  const isTownLeft = hasTown && natsUrl !== known.natsUrl;
  if (isTownLeft) throw new TownError("state", `the bus had to move to ${natsUrl}: ${anew}`);
  if (!hasTown) {
    const { insecure = false } = options;
    const settings = { town: "town", listen, natsUrl, ledgerRemote, insecure };
    await startTownAt(home, settings, options.listen === undefined, ports);
  }
  const { address } = readTownFile(home) ?? known;
  const agents = [...running].flatMap((name) => /^machines\/(.+)$/.exec(name)?.[1] ?? []);
  if (agents.length === 0 || (address === known.address && natsUrl === known.natsUrl)) return false;
  say(`gt: the town moved, so these start again to be told: ${agents.join(", ")}`);
  for (const machine of agents) await stopAgent(home, machine, ports.table);
  return true;
}

const anew = "`gt down` and `gt up` tell the town";

async function startMachines(
  home: string,
  machines: readonly string[],
  options: Options,
  ports: HomePorts,
): Promise<void> {
  const { address: townAddress, machines: records } = readTownFile(home) ?? emptyTownFile;
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
  /** What ran before. */
  readonly running: ReadonlySet<string>;
  readonly wanted: readonly string[];
};

function tell(home: string, { running, wanted }: Done, options: Options, ports: CommandPorts) {
  const { town = "", address: at = "", natsUrl = "", pids = {} } = readTownFile(home) ?? {};
  const now = Object.keys(pids).flatMap((name) => /^machines\/(.+)$/.exec(name)?.[1] ?? []);
  const machines = [...new Set([...wanted, ...now])];
  const started = machines.filter((name) => !running.has(`machines/${name}`));
  const townWasUp = running.has("town");
  if (options.json) {
    const bus = natsUrl === "" ? "git" : "nats";
    const wasUp = townWasUp && started.length === 0;
    const was = { wasUp, townWasUp, running: [...running] };
    const told = { town, address: at, bus, home, machine: wanted[0], machines, started, ...was };
    ports.write(`${JSON.stringify(told)}\n`);
    return;
  }
  const busWas = running.has("nats") ? ("running" as const) : ("started" as const);
  const found = [join(".gastown", "town"), join(".gastown", "demo")];
  const isFound = found.some((path) => resolve(path) === home);
  const story = {
    call: callName(process.env),
    home,
    flag: isFound ? "" : ` --home ${relative(process.cwd(), home)}`,
    address: calledFrom(at),
    townWasUp,
    bus: natsUrl === "" ? ("none" as const) : busWas,
    started,
    machines,
    insecure: !isLoopback(at),
  };
  ports.write(upText(story));
}
