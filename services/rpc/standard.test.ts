import { createRequire } from "node:module";
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  makeClientConstructor,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadFileDescriptorSetFromObject, loadSync } from "@grpc/proto-loader";
import { service as healthService } from "grpc-health-check";
import { expect, test } from "vitest";
import { toyTown } from "./toy-town.ts";

type Answer = Record<string, unknown>;
type Unary = (request: Answer, done: (error: ServiceError | null, answer: Answer) => void) => void;
type Dynamic = Client & Record<string, Unary>;
type Constructor = new (address: string, creds: unknown) => Client;

function open(made: unknown, address: string): Dynamic & Disposable {
  const client = new (made as Constructor)(address, credentials.createInsecure());
  return Object.assign(client as Dynamic, { [Symbol.dispose]: () => client.close() });
}

function call(client: Dynamic, method: string, request: Answer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    client[method]?.(request, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

/** The first message of a health watch, and those to come. */
function watchHealth(client: Dynamic): AsyncIterator<Answer> {
  const watch: unknown = client["watch"]?.call(client, { service: "" }, () => {});
  return (watch as ClientReadableStream<Answer>).iterator();
}

/** What an entry of a loaded package is, by its full name. */
function lookUp(loaded: unknown, name: string): unknown {
  return name.split(".").reduce((at, part) => (at as Answer)[part], loaded);
}

/** Ask the server's reflection, by its own schema from @grpc/reflection. */
async function reflectOn(address: string, version: "v1" | "v1alpha") {
  const require = createRequire(import.meta.url);
  const root = require.resolve("@grpc/reflection").replace(/src\/.*$/, "proto");
  const definition = loadSync(`grpc/reflection/${version}/reflection.proto`, {
    includeDirs: [root],
    longs: Number,
    defaults: true,
    oneofs: true,
  });
  const name = `grpc.reflection.${version}.ServerReflection`;
  using client = open(lookUp(loadPackageDefinition(definition), name), address);
  const info = client["ServerReflectionInfo"] as unknown as () => ClientDuplexStream<
    Answer,
    Answer
  >;
  const stream = info.call(client);
  const answers = stream.iterator();
  const ask = async (request: Answer) => {
    stream.write(request);
    return (await answers.next()).value as Answer;
  };
  const { listServicesResponse } = await ask({ listServices: "*" });
  const services = (listServicesResponse as { service: { name: string }[] }).service;
  const files = new Map<string, Buffer>();
  for (const { name: symbol } of services) {
    const { fileDescriptorResponse } = await ask({ fileContainingSymbol: symbol });
    const found = fileDescriptorResponse as { fileDescriptorProto: Buffer[] };
    for (const file of found.fileDescriptorProto) files.set(file.toString("base64"), file);
  }
  stream.end();
  await answers.next();
  return { services: services.map((one) => one.name), files: [...files.values()] };
}

test("health answers for the whole and for each service, and follows setServing", async () => {
  await using town = await toyTown();
  using health = open(makeClientConstructor(healthService, "Health"), town.server.address);
  for (const service of ["", "gastown.v1.WorkService"]) {
    expect(await call(health, "check", { service })).toEqual({ status: "SERVING" });
  }
  await expect(call(health, "check", { service: "no.Such" })).rejects.toMatchObject({ code: 5 });
  const seen = watchHealth(health);
  expect((await seen.next()).value).toEqual({ status: "SERVING" });
  town.server.setServing(false);
  expect((await seen.next()).value).toEqual({ status: "NOT_SERVING" });
  town.server.setServing(true);
  expect((await seen.next()).value).toEqual({ status: "SERVING" });
});

test("a health watch does not hold up a drain: it sees NOT_SERVING, then the end", async () => {
  await using town = await toyTown();
  using health = open(makeClientConstructor(healthService, "Health"), town.server.address);
  const seen = watchHealth(health);
  await seen.next();
  const drained = town.server.drain(60_000);
  expect((await seen.next()).value).toEqual({ status: "NOT_SERVING" });
  await expect(seen.next()).rejects.toMatchObject({ code: 14, details: "the server is stopping" });
  await drained;
});

test.for(["v1", "v1alpha"] as const)(
  "reflection %s lists the services and their files",
  async (version) => {
    await using town = await toyTown();
    const { services, files } = await reflectOn(town.server.address, version);
    expect(services).toEqual(
      expect.arrayContaining([
        "gastown.v1.TownService",
        "gastown.v1.WorkService",
        "gastown.v1.EventService",
        "grpc.health.v1.Health",
      ]),
    );
    expect(files.length).toBeGreaterThan(4);
  },
);

test("a client that knows only reflection makes a call", async () => {
  await using town = await toyTown();
  const { files } = await reflectOn(town.server.address, "v1");
  const { FileDescriptorProto } = createRequire(import.meta.url)("protobufjs/ext/descriptor");
  const file = files.map((bytes) => FileDescriptorProto.decode(bytes));
  const loaded = loadPackageDefinition(loadFileDescriptorSetFromObject({ file }, {}));
  using work = open(lookUp(loaded, "gastown.v1.WorkService"), town.server.address);
  const answer = await call(work, "createBead", { title: "by reflection", priority: 0 });
  expect(answer).toMatchObject({ bead: { id: "gt-1", title: "by reflection" } });
  // No id came with it, so the server made one.
  const { request, context } = town.created[0] ?? {};
  expect(request?.requestId).toBe(context?.requestId);
  expect(request?.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(request?.priority).toBe(0);
});
