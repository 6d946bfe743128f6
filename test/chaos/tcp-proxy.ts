import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Which way of a link delivers nothing: `up` is from whoever connected to the server. */
export type Hole = "none" | "up" | "down" | "both";

/** One link between two processes, and what a scenario does to it. */
export type TcpProxy = {
  readonly host: string;
  readonly port: number;
  /** Let everything through again; what waited in a hole is delivered, as TCP would. */
  readonly heal: () => void;
  /** Reset every connection, and each new one at once, until it is healed. */
  readonly cut: () => void;
  /** Reset the connections of now; new ones get through. */
  readonly reset: () => void;
  /** Half-open: connections stay and new ones are taken, and nothing is delivered that way. */
  readonly hole: (way: Exclude<Hole, "none">) => void;
  /** Hold each chunk back for so long. */
  readonly delay: (delayMs: number) => void;
  /** Cut and heal in turns, so often, then stay healed. */
  readonly flap: (turns: number, eachMs: number, signal: AbortSignal) => Promise<void>;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
};

type Pair = { readonly inner: Socket; readonly outer: Socket; sync: () => void };
type State = { hole: Hole; isCut: boolean; delayMs: number; readonly pairs: Set<Pair> };

/** Where a link listens, and what is told of it. */
export type ProxyOptions = {
  readonly host?: string;
  /** 0 for any free port. */
  readonly port?: number;
  /** The address that the target sees its connections come from; the system's choice if absent. */
  readonly from?: string;
  /** Told whether it delivers in both ways, whenever somebody decides that. */
  readonly tell?: (isWhole: boolean) => void;
};

/** Open a link that leads to `target`. */
export async function openProxy(
  target: { readonly host: string; readonly port: number },
  { host = "127.0.0.1", port = 0, from, tell = () => {} }: ProxyOptions = {},
): Promise<TcpProxy> {
  const way = { ...target, allowHalfOpen: true, ...(from !== undefined && { localAddress: from }) };
  const state: State = { hole: "none", isCut: false, delayMs: 0, pairs: new Set() };
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    if (state.isCut) inner.resetAndDestroy();
    else join(state, inner, connect(way));
  });
  server.listen(port, host);
  await once(server, "listening");
  const bound = server.address();
  const taken = typeof bound === "object" && bound !== null ? bound.port : port;
  return { host, port: taken, ...controls(state, server, tell) };
}

function controls(
  state: State,
  server: Server,
  tell: (isWhole: boolean) => void,
): Omit<TcpProxy, "host" | "port"> {
  const reset = () => {
    for (const { inner, outer } of [...state.pairs]) {
      inner.resetAndDestroy();
      outer.resetAndDestroy();
    }
    state.pairs.clear();
  };
  const set = (hole: Hole, isCut: boolean) => {
    Object.assign(state, { hole, isCut });
    tell(hole === "none" && !isCut);
    if (isCut) reset();
    for (const pair of [...state.pairs]) pair.sync();
  };
  const heal = () => {
    state.delayMs = 0;
    set("none", false);
  };
  return {
    heal,
    reset,
    cut: () => set("none", true),
    hole: (way) => set(way, false),
    delay: (delayMs) => {
      state.delayMs = delayMs;
    },
    flap: async (turns, eachMs, signal) => {
      for (let turn = 0; turn < turns; turn += 1) {
        set("none", true);
        await wait(eachMs, undefined, { signal });
        set("none", false);
        await wait(eachMs, undefined, { signal });
      }
    },
    connections: () => state.pairs.size,
    close: async () => {
      set("none", true);
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

/** Carry both ways of one connection, for as long as the link lets it. */
function join(state: State, inner: Socket, outer: Socket): void {
  const ways = [carry(state, inner, outer, "up"), carry(state, outer, inner, "down")];
  const sync = () => {
    for (const way of ways) way();
  };
  const pair: Pair = { inner, outer, sync };
  state.pairs.add(pair);
  const gone = () => {
    if (inner.destroyed && outer.destroyed) state.pairs.delete(pair);
  };
  for (const socket of [inner, outer]) {
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy()); // The other side hears where the link lets it.
    socket.on("close", () => {
      sync();
      gone();
    });
  }
}

/** One way of a connection; the function it returns looks again whether the link lets it. */
function carry(state: State, from: Socket, to: Socket, way: "up" | "down"): () => void {
  const isOpen = () => state.hole !== way && state.hole !== "both";
  let isFull = false;
  let sent: Promise<unknown> = Promise.resolve();
  const send = (act: () => void) => {
    const delayMs = state.delayMs;
    if (delayMs === 0) void sent.then(act);
    else sent = Promise.all([sent, wait(delayMs, undefined, { ref: false })]).then(act);
  };
  from.pause();
  from.on("data", (chunk: Buffer) =>
    send(() => {
      if (to.destroyed || to.write(chunk)) return;
      isFull = true;
      from.pause();
    }),
  );
  from.on("end", () => send(() => void to.end()));
  to.on("drain", () => {
    isFull = false;
    sync();
  });
  const sync = () => {
    if (from.destroyed && isOpen()) send(() => void to.end());
    else if (isOpen() && !isFull) from.resume();
    else from.pause();
  };
  sync();
  return sync;
}
