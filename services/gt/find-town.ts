/** Where something answers, and how to speak to it. */
export type Place = {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  readonly token?: string;
  /** What stands there, for people. */
  readonly what: string;
};

/** What the launcher wrote down about a running town: `<home>/town.json`. */
export type TownFile = {
  readonly town: string;
  readonly address: string;
  /** Each machine's rig-agent socket. */
  readonly sockets: Readonly<Record<string, string>>;
  /** What was started, by pid and start time; absent where nobody noted it. */
  readonly pids?: Readonly<Record<string, { readonly pid: number; readonly startTime: string }>>;
};

/** A folder in which a town, or a machine that joined one, keeps its state. */
export type Home = { readonly path: string; readonly file: TownFile };

/** What the user said about where the town is. */
export type Hints = {
  /** `--town`. */
  readonly town?: string | undefined;
  /** `--home`. */
  readonly home?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/**
 * Where to ask, in this order: what a flag names, the polecat's own rig-agent, what the environment
 * names, the nearest home. After a town its machines' rig-agents follow, which answer while it is
 * away; a town that was named by address has only those of the home that names it too.
 *
 * @param homes what `findHomes` found, in that order
 * @returns nothing where nobody is known
 */
export function findTown({ town, home, env }: Hints, homes: readonly Home[]): Place[] {
  if (town !== undefined) return named(town, "--town", homes);
  if (home === undefined) {
    const socket = nonEmpty(env["GT_SOCKET"]);
    const token = nonEmpty(env["GT_TOKEN"]);
    if (socket !== undefined) {
      const place = { address: unixAddress(socket), what: "this machine's rig-agent" };
      return [token === undefined ? place : { ...place, token }];
    }
    const townByEnv = nonEmpty(env["GT_TOWN"]);
    if (townByEnv !== undefined) return named(townByEnv, "GT_TOWN", homes);
  }
  const nearest = homes[0];
  return nearest === undefined ? [] : placesOf(nearest);
}

function named(address: string, by: string, homes: readonly Home[]): Place[] {
  const same = homes.find((home) => home.file.address === address);
  const town = { address, what: `the town at ${address} (${by})` };
  return same === undefined ? [town] : [town, ...agentsOf(same)];
}

function placesOf(home: Home): Place[] {
  const { address } = home.file;
  if (address === "") return agentsOf(home);
  return [{ address, what: `the town at ${address} (${home.path})` }, ...agentsOf(home)];
}

function agentsOf({ file }: Home): Place[] {
  return Object.entries(file.sockets).map(([machine, socket]) => ({
    address: unixAddress(socket),
    what: `the rig-agent of ${machine}`,
  }));
}

function unixAddress(socket: string): string {
  return socket.startsWith("unix:") ? socket : `unix:${socket}`;
}

/** An empty variable says as little as an absent one. */
export function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
