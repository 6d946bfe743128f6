import { dirname, join } from "node:path";

/** One process of ours to be started: which program, with which settings, and where it answers. */
export type DaemonPlan = {
  /** As town.json names it. */
  readonly name: string;
  /** From the project's root. */
  readonly script: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Written by the process when it serves. */
  readonly readyPath: string;
  readonly logPath: string;
};

/** What a town is started with. */
export type TownSettings = {
  readonly town: string;
  /** `host:port`; port 0 for a free one. */
  readonly listen: string;
  /** Empty: no bus, git alone. */
  readonly natsUrl: string;
  readonly ledgerRemote: string;
  readonly insecure?: boolean;
};

/** The town's process in a home. */
export function townPlan(home: string, settings: TownSettings): DaemonPlan {
  const own = join(home, "town");
  const readyPath = join(own, "ready.json");
  return {
    name: "town",
    script: "town/main.ts",
    readyPath,
    logPath: join(own, "town.log"),
    settings: {
      GT_TOWN_NAME: settings.town,
      GT_HOME: own,
      GT_LISTEN: settings.listen,
      GT_NATS_URL: settings.natsUrl,
      GT_LEDGER_REMOTE: settings.ledgerRemote,
      GT_INSECURE: String(settings.insecure ?? false),
      GT_READY_FILE: readyPath,
    },
  };
}

/** What a rig-agent is started with. */
export type MachineSettings = {
  readonly machine: string;
  readonly townAddress: string;
  /** Empty: every rig. */
  readonly rigs?: readonly string[] | undefined;
  readonly polecatsMax?: string | undefined;
};

/** A rig-agent's process in a home. */
export function machinePlan(home: string, settings: MachineSettings): DaemonPlan {
  const { machine, townAddress, rigs = [], polecatsMax } = settings;
  const own = machineHome(home, machine);
  const readyPath = join(own, "ready.json");
  return {
    name: `machines/${machine}`,
    script: "rig-agent/main.ts",
    readyPath,
    logPath: join(own, "agent.log"),
    settings: {
      GT_MACHINE: machine,
      GT_HOME: own,
      GT_TOWN_ADDRESS: townAddress,
      GT_RIGS: rigs.join(","),
      ...(polecatsMax !== undefined && { GT_POLECATS_MAX: polecatsMax }),
      GT_READY_FILE: readyPath,
    },
  };
}

/** A machine's own folder. */
export function machineHome(home: string, machine: string): string {
  return join(home, "machines", machine);
}

/** The folder in which a plan's process keeps all it has. */
export function ownFolder({ logPath }: DaemonPlan): string {
  return dirname(logPath);
}

/**
 * The environment of a process of ours: the user's, without what speaks to gt and git of other
 * places, and with the plan's settings.
 */
export function daemonEnvironment(
  inherited: NodeJS.ProcessEnv,
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    const isOurs = /^(GT|GIT)_/.test(name) && name !== "GT_LOG_LEVEL";
    if (!isOurs && value !== undefined) kept[name] = value;
  }
  return { ...kept, ...settings };
}

/** A machine's name from a host's: what an id may hold, `local` where nothing of it is left. */
export function machineName(hostname: string): string {
  const name = hostname
    .toLowerCase()
    .replace(/\..*$/, "")
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 32)
    .replace(/-+$/, "");
  return name === "" || name === "town" ? "local" : name;
}
