import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { isTownError, TownError } from "./town-error.ts";
import { bindUnixSocket } from "./unix-socket.ts";

/** A server that listens somewhere. */
export type Listener = {
  readonly server: Server;
  /** `host:port`, or `unix:` and a path: what a client takes. */
  readonly address: string;
  /** Remove what outlives the server: a socket's path. */
  readonly remove: () => Promise<void>;
};

/** Listen on `host:port`; port 0 is any free one. Fails with `state` where the port is taken. */
export async function listenTcp(server: Server, address: string): Promise<Listener> {
  const host = /^([^:]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/.exec(address)?.[1];
  if (!host) {
    const form = "host:port, such as 127.0.0.1:7400";
    throw new TownError("invalid", `${address} is not of the form ${form}`);
  }
  const port = await bind(server, address);
  return { server, address: `${host}:${port}`, remove: async () => {} };
}

/** Listen on a unix socket of the owner's. Fails as `bindUnixSocket` does. */
export async function listenUnix(server: Server, path: string): Promise<Listener> {
  const remove = await bindUnixSocket(path, async (boundPath) => {
    await bind(server, `unix:${boundPath}`);
  });
  return { server, address: `unix:${path}`, remove };
}

async function bind(server: Server, address: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
  try {
    return await promise;
  } catch (error) {
    server.forceShutdown();
    throw isTownError(error) ? error : new TownError(...explain(address, String(error)));
  }
}

function explain(address: string, cause: string): ["state" | "invalid" | "denied", string] {
  const port = address.slice(address.lastIndexOf(":") + 1);
  if (cause.includes("EADDRINUSE")) {
    const finding = `\`ss -ltnp 'sport = :${port}'\` shows by what`;
    return ["state", `${address} is in use (${finding}); stop that, or choose another port`];
  }
  if (cause.includes("EACCES")) {
    return [
      "denied",
      `may not listen on ${address}; choose a port of 1024 or more, or a path of ours`,
    ];
  }
  if (cause.includes("EADDRNOTAVAIL")) {
    return ["invalid", `${address} is no address of this host; 127.0.0.1 always is`];
  }
  return ["invalid", `cannot listen on ${address}: ${cause}`];
}
