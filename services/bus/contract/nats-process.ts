import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

/** The nats-server to test with: `GT_NATS_SERVER`, else the one on the PATH. */
export function natsServerPath(env: NodeJS.ProcessEnv): string | undefined {
  if (env["GT_NATS_SERVER"]) return env["GT_NATS_SERVER"];
  const folders = (env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, "nats-server")).find((path) => existsSync(path));
}

export type NatsProcess = {
  readonly port: number;
  /** Resolves when clients may connect. */
  readonly start: () => Promise<void>;
  /** SIGKILL; the store stays. */
  readonly kill: () => Promise<void>;
  readonly wipe: () => Promise<void>;
  /** Keep a copy of the store, and put it in the store's place; while the server is down. */
  readonly backUp: () => Promise<void>;
  readonly restore: () => Promise<void>;
};

/** A nats-server in `folder`, always on the same port, with `config` beside what it needs. */
export async function createNatsProcess(
  path: string,
  folder: string,
  config: string,
  storeBytesMax = 1024 * 1024 * 1024,
  jetStream: "with JetStream" | "without JetStream" = "with JetStream",
): Promise<NatsProcess> {
  const port = await freePort();
  const store = join(folder, "store");
  const backup = join(folder, "backup");
  const file = join(folder, "nats.conf");
  const jetstream =
    jetStream === "with JetStream"
      ? `jetstream { store_dir: ${JSON.stringify(store)}, max_file: ${storeBytesMax} }`
      : "";
  await writeFile(file, `listen: "127.0.0.1:${port}"\n${jetstream}\n${config}\n`);
  let child: ChildProcess | undefined;
  return {
    port,
    start: async () => {
      const server = spawn(path, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
      child = server;
      const ready = Promise.withResolvers<void>();
      const said: string[] = [];
      createInterface({ input: server.stderr }).on("line", (line) => {
        said.push(line);
        if (line.includes("Server is ready")) ready.resolve();
      });
      server.once("exit", () => ready.reject(new Error(`nats-server ended:\n${said.join("\n")}`)));
      await ready.promise;
    },
    kill: async () => {
      const server = child;
      child = undefined;
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      const exited = once(server, "exit");
      server.kill("SIGKILL");
      await exited;
    },
    wipe: () => rm(store, { recursive: true, force: true }),
    backUp: () => cp(store, backup, { recursive: true }),
    restore: async () => {
      await rm(store, { recursive: true, force: true });
      await cp(backup, store, { recursive: true });
    },
  };
}

export type Cable = {
  readonly url: string;
  readonly cut: () => void;
  readonly heal: () => void;
  readonly close: () => Promise<void>;
};

/** A link to a local port that can be cut. */
export async function createCable(port: number): Promise<Cable> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // A reset is what cutting looks like from the other end.
    socket.on("error", () => socket.destroy());
    return socket;
  };
  const server = createServer((near) => {
    track(near);
    if (isCut) return void near.destroy();
    const far = track(connect(port, "127.0.0.1"));
    near.pipe(far).pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    heal: () => {
      isCut = false;
    },
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
