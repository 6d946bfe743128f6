import { randomUUID } from "node:crypto";
import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { RpcClient } from "#services/rpc/client.ts";
import { findTown, type Hints, nonEmpty, type Place } from "./find-town.ts";
import { openReach, type Reach } from "./reach.ts";
import { findHomes } from "./read-homes.ts";
import type { Terminal } from "./terminal.ts";

/** What every verb understands. */
export type Globals = {
  readonly town?: string;
  readonly home?: string;
  readonly json?: boolean;
  /** Seconds to go on asking while nobody answers; a verb's own `--wait` is no number. */
  readonly wait?: number | boolean;
  readonly requestId?: string;
};

/** What one call may take, where the usual is too little. */
export type CallOptions = { readonly timeoutMs?: number };

/** One `gt` call: what it was told, whom it asks, where it answers. */
export type Session = {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly globals: Globals;
  readonly hints: Hints;
  readonly signal: AbortSignal;
  /** The id under which this call's change is done once. */
  readonly requestId: string;
  readonly places: () => Promise<readonly Place[]>;
  /** Who answered last. */
  readonly answerer: () => Place | undefined;
  readonly call: <I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options?: CallOptions,
  ) => Promise<MessageShape<O>>;
  /** Call, then print the response: as JSON, or as `text` puts it. */
  readonly tell: <I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    text: (response: MessageShape<O>) => string,
    options?: CallOptions,
  ) => Promise<void>;
  readonly stream: <I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    /** Ends the stream before the call ends. */
    signal?: AbortSignal,
  ) => AsyncGenerator<MessageShape<O>, void, undefined>;
  /** Print a message: as one line of JSON, or as `text` puts it. */
  readonly print: <D extends DescMessage>(
    schema: D,
    message: MessageShape<D>,
    text: (message: MessageShape<D>) => string,
  ) => Promise<void>;
  /** Print what is no message of the API: `value` as JSON, or the text. */
  readonly printValue: (value: unknown, text: string) => void;
  /** From now on, what is told on the side goes there, not to standard error. */
  readonly divertNotices: (to: (text: string) => void) => void;
  /** End with this code though nothing failed. */
  readonly leaveWith: (exitCode: number) => void;
};

/** What a session is opened with. */
export type SessionPorts = {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly leaveWith: (exitCode: number) => void;
};

const callTimeoutMs = 30_000;
/** Few, for a rig-agent may answer in the town's place, and `--wait` is for those who can wait. */
const retriesMax = 1;
/** A polecat outlives its rig-agent's restart; its `gt` waits for that long. */
const polecatWaitMs = 20_000;

/** Open a session; nothing is connected before the first call. */
export function openSession(globals: Globals, ports: SessionPorts): Session & { close(): void } {
  const { terminal, signal } = ports;
  const json = globals.json === true;
  const hints = { town: globals.town, home: globals.home, env: terminal.env };
  let found: Promise<readonly Place[]> | undefined;
  const places = () => {
    found ??= findHomes(hints, terminal.cwd).then((homes) => findTown(hints, homes));
    return found;
  };
  let tellNotice = (text: string): void => terminal.writeError(`gt: ${text}\n`);
  const reach = openReach<RpcClient>(
    {
      places,
      connect: connectLazily,
      close: (client) => void client.close(),
      notice: (text) => tellNotice(text),
      signal,
    },
    waitMs(globals, terminal.env),
  );
  const session: Session = {
    terminal,
    json,
    globals,
    hints,
    signal,
    requestId: globals.requestId ?? randomUUID(),
    places,
    answerer: reach.current,
    call: async (method, request, { timeoutMs = callTimeoutMs } = {}) =>
      reach.ask((client) => unary(client, method)(request, { timeoutMs, signal })),
    tell: async (method, request, text, options) =>
      session.print(method.output, await session.call(method, request, options), text),
    stream: (method, request, until = signal) => streamFrom(reach, method, request, until),
    print: async (schema, message, text) => {
      if (!json) return session.printValue(undefined, text(message));
      const { toJson } = await import("@bufbuild/protobuf");
      session.printValue(toJson(schema, message, { alwaysEmitImplicit: true }), "");
    },
    printValue: (value, text) => {
      if (json) terminal.write(`${JSON.stringify(value)}\n`);
      else if (text !== "") terminal.write(text.endsWith("\n") ? text : `${text}\n`);
    },
    divertNotices: (to) => {
      tellNotice = to;
    },
    leaveWith: ports.leaveWith,
  };
  return { ...session, close: reach.close };
}

function waitMs({ wait }: Globals, env: Terminal["env"]): number {
  if (typeof wait === "number") return wait * 1_000;
  return nonEmpty(env["GT_SOCKET"]) === undefined ? 0 : polecatWaitMs;
}

/** gRPC takes longest to load, and not every verb needs it. */
async function connectLazily({ address, token }: Place): Promise<RpcClient> {
  const { connectRpc } = await import("#services/rpc/client.ts");
  const options = { address, retriesMax };
  return connectRpc(token === undefined ? options : { ...options, token });
}

type Ask<I extends DescMessage, Answer> = (
  request: MessageInitShape<I>,
  options: { timeoutMs?: number; signal: AbortSignal },
) => Answer;

function unary<I extends DescMessage, O extends DescMessage>(
  client: RpcClient,
  method: DescMethodUnary<I, O>,
): Ask<I, Promise<MessageShape<O>>> {
  return methodOf(client, method) as Ask<I, Promise<MessageShape<O>>>;
}

/** The client's function for a method; the descriptor says what goes in and comes out. */
function methodOf(client: RpcClient, method: DescMethod): unknown {
  return (client.client(method.parent) as Record<string, unknown>)[method.localName];
}

async function* streamFrom<I extends DescMessage, O extends DescMessage>(
  reach: Reach<RpcClient>,
  method: DescMethodServerStreaming<I, O>,
  request: MessageInitShape<I>,
  signal: AbortSignal,
): AsyncGenerator<MessageShape<O>, void, undefined> {
  const opened = await reach.ask(async (client) => {
    const ask = methodOf(client, method) as Ask<I, AsyncIterable<MessageShape<O>>>;
    const messages = ask(request, { signal })[Symbol.asyncIterator]();
    // Whether somebody answers shows with the first message.
    return { messages, first: await messages.next() };
  });
  try {
    for (let next = opened.first; !next.done; next = await opened.messages.next()) yield next.value;
  } finally {
    await opened.messages.return?.();
  }
}
