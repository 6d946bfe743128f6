import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { TownError } from "./town-error.ts";

/** The most that one message may hold, either way. */
export const messageBytesMax = 4 * 1024 * 1024;

/** What travels in HTTP/2's `:path`. */
export function methodPath(method: DescMethod): string {
  return `/${methodName(method)}`;
}

/** The name of a method for people and logs: `gastown.v1.TownService/GetTown`. */
export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** Bytes for the wire. Fails with `exhausted` where a message is too large to be taken. */
export function encode<D extends DescMessage>(schema: D, message: MessageInitShape<D>): Buffer {
  const bytes = toBinary(schema, create(schema, message));
  if (bytes.byteLength > messageBytesMax) {
    throw new TownError(
      "exhausted",
      `a ${schema.name} of ${bytes.byteLength} bytes is over the limit of ${messageBytesMax}; ` +
        "ask for less at a time",
    );
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A message from the wire. Throws a plain Error where the bytes are none. */
export function decode<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> {
  try {
    // A copy, since decoded `bytes` fields would share the frame's buffer, and keep it alive.
    return fromBinary(schema, new Uint8Array(bytes));
  } catch (error) {
    throw new Error(`these bytes are no ${schema.typeName}`, { cause: error });
  }
}

/** Leaves bytes as they are: messages are coded in the handler, so that a bad one has a reason. */
export function asIs(bytes: Buffer): Buffer {
  return bytes;
}
