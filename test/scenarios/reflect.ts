// A client that knows nothing of ours: grpc-js, the public reflection protocol, and an address.

import { createRequire } from "node:module";
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  type Metadata,
} from "@grpc/grpc-js";
import {
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type MessageTypeDefinition,
  type PackageDefinition,
} from "@grpc/proto-loader";

/** Any message, as grpc-js shows it without generated code. */
export type Message = { readonly [field: string]: unknown };

/** What a failed call tells: the code, the words, and the decoded google.rpc details. */
export type CallFailure = {
  readonly code: number;
  readonly message: string;
  readonly details: readonly (Message & { readonly "@type": string })[];
};

/** Services of a server as its own reflection describes them. */
export type Reflected = {
  readonly services: readonly string[];
  /** Call a unary method, `gastown.v1.WorkService/GetBead`. Rejects with a `CallFailure`. */
  readonly call: (method: string, request: Message) => Promise<Message>;
  /** Open a server stream. */
  readonly watch: (method: string, request: Message) => ClientReadableStream<Message>;
  readonly close: () => void;
};

const options = { longs: Number, enums: String, defaults: true, oneofs: true };

/** Learn what a server offers, by reflection alone. */
export async function reflect(address: string, version: "v1" | "v1alpha"): Promise<Reflected> {
  const { services, files } = await askReflection(address, version);
  const schema = loadFileDescriptorSetFromBuffer(descriptorSet(files), options);
  const made = new Map<string, Client>();
  const clientOf = (service: string): Client => {
    const client = made.get(service) ?? connect(schema, service, address);
    made.set(service, client);
    return client;
  };
  const start = (method: string, ...args: readonly unknown[]): unknown => {
    const [service = "", name = ""] = method.split("/");
    const client = clientOf(service) as unknown as Record<string, (...args: unknown[]) => unknown>;
    return client[name]?.(...args);
  };
  return {
    services,
    call: (method, request) => {
      const { promise, resolve, reject } = Promise.withResolvers<Message>();
      start(method, request, (error: FailedCall | null, answer: Message) =>
        error ? reject(failureOf(error, schema)) : resolve(answer),
      );
      return promise;
    },
    watch: (method, request) => {
      const stream = start(method, request) as ClientReadableStream<Message>;
      // Whoever reads it is told as well; one that is not read any more may end as it likes.
      return stream.on("error", () => {});
    },
    close: () => {
      for (const client of made.values()) client.close();
    },
  };
}

/** Details that servers pack into a status; google's own, so that every client may know them. */
const details = ["google.rpc.Status", "google.rpc.ErrorInfo"];

async function askReflection(address: string, version: string) {
  const require = createRequire(import.meta.url);
  const root = require.resolve("@grpc/reflection").replace(/src\/.*$/, "proto");
  const path = `grpc/reflection/${version}/reflection.proto`;
  const definition = loadSync(path, { ...options, includeDirs: [root] });
  const client = connect(definition, `grpc.reflection.${version}.ServerReflection`, address);
  const info = (client as unknown as Record<string, () => ClientDuplexStream<Message, Message>>)[
    "ServerReflectionInfo"
  ];
  if (info === undefined) throw new Error(`${path} has no ServerReflectionInfo`);
  const stream = info.call(client);
  const answers = stream.iterator();
  const ask = async (request: Message) => {
    stream.write(request);
    return (await answers.next()).value as Message;
  };
  const { listServicesResponse: listed } = await ask({ listServices: "*" });
  const services = (listed as { service: { name: string }[] }).service.map(({ name }) => name);
  const files = new Map<string, Buffer>();
  for (const symbol of [...services, ...details]) {
    const answer = await ask({ fileContainingSymbol: symbol });
    const found = answer["fileDescriptorResponse"] as { fileDescriptorProto: Buffer[] } | null;
    if (!found) throw new Error(`${symbol}: ${JSON.stringify(answer["errorResponse"])}`);
    for (const file of found.fileDescriptorProto) files.set(file.toString("base64"), file);
  }
  stream.end();
  await answers.next();
  client.close();
  return { services, files: [...files.values()] };
}

/** A FileDescriptorSet is nothing but `repeated FileDescriptorProto file = 1`. */
function descriptorSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(
    files.flatMap((file) => [Buffer.from([0x0a, ...varint(file.length)]), file]),
  );
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function connect(schema: PackageDefinition, service: string, address: string): Client {
  const loaded: unknown = loadPackageDefinition(schema);
  const parts = service.split(".");
  const found = parts.reduce((at, part) => (at as Record<string, unknown>)[part], loaded);
  const Made = found as new (address: string, credentials: unknown) => Client;
  return new Made(address, credentials.createInsecure());
}

type FailedCall = { readonly code: number; readonly details: string; readonly metadata: Metadata };

function failureOf({ code, details: message, metadata }: FailedCall, schema: PackageDefinition) {
  const [bytes] = metadata.get("grpc-status-details-bin");
  const status = Buffer.isBuffer(bytes) ? decode(schema, "google.rpc.Status", bytes) : {};
  const packed = (status["details"] ?? []) as {
    type_url: string;
    value: Buffer;
  }[];
  const failure: CallFailure = {
    code,
    message,
    details: packed.map(({ type_url: url, value }) => {
      const type = url.slice(url.lastIndexOf("/") + 1);
      return { "@type": type, ...decode(schema, type, value) };
    }),
  };
  return Object.assign(new Error(message), failure);
}

function decode(schema: PackageDefinition, type: string, bytes: Buffer): Message {
  const known = schema[type] as unknown as MessageTypeDefinition<object, Message> | undefined;
  if (known === undefined) throw new Error(`reflection told nothing of ${type}`);
  return known.deserialize(bytes);
}
