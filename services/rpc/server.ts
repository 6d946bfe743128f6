import {
  logVerbosity,
  Server,
  type ServiceDefinition,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { asIs, messageBytesMax, methodPath } from "./codec.ts";
import {
  type CallRecord,
  type Credentials,
  type HandlerPorts,
  streamHandler,
  unaryHandler,
} from "./handler.ts";
import { type Listener, listenTcp, listenUnix } from "./listen.ts";
import { type LiveCalls, liveCalls } from "./live-calls.ts";
import type { Served } from "./method.ts";
import { endWithServer, type Standard, standardServices } from "./standard.ts";
import { TownError } from "./town-error.ts";

export { served } from "./method.ts";

/** Where to listen: on one of them, or on both. */
export type Listen = {
  /** `host:port`; port 0 is any free one. */
  readonly address?: string;
  /** Only its owner may open it. */
  readonly socketPath?: string;
};

/** What a server answers, where, for whom, and whom it tells. */
export type ServeOptions = {
  readonly services: readonly Served[];
  readonly listen: Listen;
  /** The caller's principal. Throws TownError `denied` for one that has none. */
  readonly authenticate: (credentials: Credentials) => string;
  /** Told of each call of `services` when it ends. */
  readonly onCall?: (record: CallRecord) => void;
  /** Told of each error that no handler should have thrown; its caller sees INTERNAL. */
  readonly onBug: (error: unknown, call: { method: string; requestId: string }) => void;
};

/** A running server. Its health is SERVING until told otherwise. */
export type RpcServer = {
  /** `host:port`, else `unix:` and the path: what `connectRpc` takes. */
  readonly address: string;
  readonly addresses: readonly string[];
  readonly setServing: (serving: boolean) => void;
  /**
   * Stop: take no new calls, end the streams with UNAVAILABLE (their watchers resume elsewhere),
   * and let the rest end by themselves, for at most `timeoutMs`.
   */
  readonly drain: (timeoutMs: number) => Promise<void>;
};

/**
 * Serve, with health and reflection, on TCP, a unix socket, or both.
 *
 * Fails with a TownError that says what to do where the port is taken, or where a live server
 * answers on the socket.
 */
export async function serveRpc(options: ServeOptions): Promise<RpcServer> {
  quieten();
  const live = liveCalls();
  const standard = standardServices(options.services.map(({ service }) => service));
  const listeners = await listenOn(options.listen, (isLocal) =>
    buildServer(options, standard, live, isLocal),
  );
  const [first] = listeners;
  if (!first) throw new TownError("invalid", "neither an address nor a socket to listen on");
  standard.setServing(true);
  let drained: Promise<void> | undefined;
  return {
    address: first.address,
    addresses: listeners.map(({ address }) => address),
    setServing: standard.setServing,
    drain: (timeoutMs) => {
      standard.setServing(false);
      drained ??= drain(listeners, live, timeoutMs);
      return drained;
    },
  };
}

const lastWordsMs = 250;

type IsLocal = HandlerPorts["isLocal"];

async function listenOn(listen: Listen, build: (isLocal: IsLocal) => Server): Promise<Listener[]> {
  const listeners: Listener[] = [];
  try {
    if (listen.address) listeners.push(await listenTcp(build(isLoopback), listen.address));
    // A server of its own, for a peer's address does not tell a unix socket from a lost connection.
    if (listen.socketPath)
      listeners.push(
        await listenUnix(
          build(() => true),
          listen.socketPath,
        ),
      );
  } catch (error) {
    for (const { server } of listeners) server.forceShutdown();
    throw error;
  }
  return listeners;
}

function buildServer(
  { services, authenticate, onCall = () => {}, onBug }: ServeOptions,
  standard: Standard,
  live: LiveCalls,
  isLocal: IsLocal,
): Server {
  const server = new Server({
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": messageBytesMax,
    "grpc.max_concurrent_streams": 1_000,
    // A watcher whose host has vanished is noticed, and its stream released.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    interceptors: [endWithServer(live)],
  });
  const ports = { authenticate, isLocal, live, onCall, onBug };
  for (const one of services) addService(server, one, ports);
  standard.addTo(server);
  return server;
}

function addService(server: Server, { service, handlers }: Served, ports: HandlerPorts): void {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const method of service.methods) {
    // Left out, these two are UNIMPLEMENTED by themselves; the contract has none.
    if (method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming")
      continue;
    const streaming = method.methodKind === "server_streaming";
    const handler = handlers.get(method.localName);
    definition[method.localName] = {
      path: methodPath(method),
      requestStream: false,
      responseStream: streaming,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    implementation[method.localName] = streaming
      ? streamHandler(method, handler, ports)
      : unaryHandler(method, handler, ports);
  }
  server.addService(definition, implementation);
}

async function drain(listeners: Listener[], live: LiveCalls, timeoutMs: number): Promise<void> {
  const reason = new TownError("unavailable", "the server is stopping", { isAway: true });
  const closed = Promise.all(listeners.map(({ server }) => closing(server)));
  live.stop(reason, false);
  // What is still open gets a moment to say so, then is cut off.
  const ending = setTimeout(() => live.stop(reason, true), timeoutMs);
  const cutting = setTimeout(() => {
    for (const { server } of listeners) server.forceShutdown();
  }, timeoutMs + lastWordsMs);
  await closed;
  clearTimeout(ending);
  clearTimeout(cutting);
  await Promise.all(listeners.map(({ remove }) => remove()));
}

function closing(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.tryShutdown((error) => (error ? reject(error) : resolve()));
  });
}

/** Whether a peer, an IP address and a port, is on this host. */
function isLoopback(peer: string): boolean {
  const host = peer.slice(0, peer.lastIndexOf(":"));
  return host === "::1" || /^(::ffff:)?127\./.test(host);
}

/** What grpc-js would print of a failed bind reaches our caller as an error. */
function quieten(): void {
  if (!process.env["GRPC_VERBOSITY"]) setLogVerbosity(logVerbosity.NONE);
}
