import { EventService } from "#proto/gastown/v1/event_service_pb.ts";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { type CreateBeadRequest, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { CallRecord, Credentials } from "./handler.ts";
import type { CallContext, Served, ServiceImpl } from "./method.ts";
import { type Listen, type RpcServer, served, serveRpc } from "./server.ts";
import { TownError } from "./town-error.ts";

/** Handlers that a test sets for the services it calls. */
export type ToyHandlers = {
  readonly town?: Partial<ServiceImpl<typeof TownService>>;
  readonly work?: Partial<ServiceImpl<typeof WorkService>>;
  readonly events?: Partial<ServiceImpl<typeof EventService>>;
};

/** A server for tests, and what it was asked. */
export type ToyTown = {
  readonly server: RpcServer;
  readonly calls: CallRecord[];
  readonly bugs: unknown[];
  readonly callers: Credentials[];
  /** Everything that `createBead` got, where the test did not bring its own. */
  readonly created: { request: CreateBeadRequest; context: CallContext }[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** A small town over real gRPC. The token `wrong` is nobody's. */
export async function toyTown(
  handlers: ToyHandlers = {},
  listen: Listen = { address: "127.0.0.1:0" },
): Promise<ToyTown> {
  const calls: CallRecord[] = [];
  const bugs: unknown[] = [];
  const callers: Credentials[] = [];
  const created: ToyTown["created"] = [];
  const work: ToyHandlers["work"] = {
    createBead: async (request, context) => {
      created.push({ request, context });
      return { bead: { id: "gt-1", title: request.title, createdBy: context.principal } };
    },
    ...handlers.work,
  };
  const services: Served[] = [
    served(TownService, { getTown: async () => ({ town: "toy" }), ...handlers.town }),
    served(WorkService, work),
    served(EventService, handlers.events ?? {}),
  ];
  const authenticate = (credentials: Credentials): string => {
    callers.push(credentials);
    if (credentials.token === "wrong") throw new TownError("denied", "this token is nobody's");
    return credentials.token ?? credentials.claimed ?? "nobody";
  };
  const server = await serveRpc({
    services,
    listen,
    authenticate,
    onCall: (record) => calls.push(record),
    onBug: (error) => bugs.push(error),
  });
  const dispose = () => server.drain(0);
  return { server, calls, bugs, callers, created, [Symbol.asyncDispose]: dispose };
}

/** A connection for tests, closed with its scope. */
export function untilClosed<C extends { close: () => void }>(client: C): C & Disposable {
  return { ...client, [Symbol.dispose]: client.close };
}
