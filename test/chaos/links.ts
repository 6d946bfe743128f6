import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openProxy, type TcpProxy } from "./tcp-proxy.ts";

/** Everything that one machine can be cut off from. */
export type Links = {
  /** Its address, unlike any other machine's. */
  readonly host: string;
  readonly bus: TcpProxy;
  readonly town: TcpProxy;
  readonly git: TcpProxy;
  readonly all: readonly TcpProxy[];
};

/** Where the real servers are. */
export type Servers = {
  /** nats-server itself, and the port under which machines believe it to be. */
  readonly busPort: number;
  readonly busFront: number;
  readonly townPort: number;
  readonly gitPort: number;
};

const tries = 5;

/** The loopback address of a machine by its number. */
export function loopbackOf(machine: number): string {
  return `127.0.0.${machine + 10}`;
}

/**
 * A machine's links. All machines are told the same address of the bus and of git remotes; each has
 * a loopback address of its own, or that of its cable's end, on which its proxies listen.
 */
export async function openLinks(
  host: string,
  servers: Servers,
  tell: (isHeard: boolean) => void,
): Promise<Links> {
  const at = (port: number) => ({ host: "127.0.0.1", port });
  const bus = await openProxy(at(servers.busPort), { host, port: servers.busFront, tell });
  const town = await openProxy(at(servers.townPort), { host });
  const git = await openProxy(at(servers.gitPort), { host, from: host });
  return { host, bus, town, git, all: [bus, town, git] };
}

/** The town's own link to the bus, on a port that is free on the machines' addresses too. */
export async function openFront(busPort: number): Promise<TcpProxy> {
  for (let left = tries; ; left -= 1) {
    const front = await openProxy({ host: "127.0.0.1", port: busPort });
    const probes = Array.from({ length: 6 }, (_, machine) =>
      openProxy({ host: "127.0.0.1", port: 1 }, { host: loopbackOf(machine), port: front.port }),
    );
    const taken = await Promise.allSettled(probes);
    for (const each of taken) if (each.status === "fulfilled") await each.value.close();
    if (taken.every(({ status }) => status === "fulfilled")) return front;
    await front.close();
    if (left === 0) throw new Error("no port is free on all of the machines' addresses");
  }
}

/** A HOME whose git reaches the one git server over a machine's own link. */
export function gitHome(dir: string, links: Links, gitPort: number): string {
  mkdirSync(dir, { recursive: true });
  const lines = [
    `[url "http://${links.host}:${links.git.port}/"]`,
    `\tinsteadOf = http://127.0.0.1:${gitPort}/`,
    "",
  ];
  writeFileSync(join(dir, ".gitconfig"), lines.join("\n"));
  return dir;
}
