import type {
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";

/** What a handler knows of its caller, beside the request itself. */
export type CallContext = {
  /** Who asks, as `authenticate` found: `overseer`, `rigs/alpha/polecats/nux`, … */
  readonly principal: string;
  /** The request's own `request_id`; made by the server where the caller gave none. */
  readonly requestId: string;
  /** Aborts at the deadline, when the caller goes away, and when the server stops. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, in ms since the Unix epoch; undefined: never. */
  readonly deadlineMs: number | undefined;
  /** The bearer token that came with the call. */
  readonly token: string | undefined;
};

/** A handler of one method: unary, or a server stream as an async iterable. */
export type MethodImpl<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, context: CallContext) => Promise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, context: CallContext) => AsyncIterable<MessageInitShape<O>>
      : never;

/** A handler for each method of a service. */
export type ServiceImpl<S extends DescService> = {
  [K in keyof S["method"]]: MethodImpl<S["method"][K]>;
};

/** A service with its handlers, their types forgotten, as `serveRpc` takes it. */
export type Served = {
  readonly service: DescService;
  readonly handlers: ReadonlyMap<string, Handler>;
};

/** A handler as the server calls it; `served` has checked the types. */
export type Handler = (request: never, context: CallContext) => unknown;

/** Pair a service with its handlers. A method without one answers UNIMPLEMENTED. */
export function served<S extends DescService>(service: S, impl: Partial<ServiceImpl<S>>): Served {
  return { service, handlers: new Map(Object.entries<Handler>(impl as Record<string, Handler>)) };
}
