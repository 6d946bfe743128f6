import { randomUUID } from "node:crypto";
import { type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { TownError } from "./town-error.ts";

const requestIdCharsMax = 128;
const printable = /^[\x20-\x7e]*$/;

/** The `request_id` of a mutation's request; undefined where the message has none. */
export function requestIdField(schema: DescMessage): DescField | undefined {
  return schema.fields.find(
    (field) =>
      field.name === "request_id" &&
      field.fieldKind === "scalar" &&
      field.scalar === ScalarType.STRING,
  );
}

/**
 * The id under which this request is one request, however often it is sent.
 *
 * One is made, and written into the message, where the caller gave none. Fails with `invalid`
 * where the given one is too long or not printable, since it ends up in ids and logs.
 */
export function settleRequestId(schema: DescMessage, message: Message): string {
  const field = requestIdField(schema);
  if (!field) return randomUUID();
  const fields = message as unknown as Record<string, string>;
  const given = fields[field.localName] ?? "";
  if (given.length > requestIdCharsMax || !printable.test(given)) {
    const description = `at most ${requestIdCharsMax} printable ASCII characters`;
    throw new TownError("invalid", `bad request_id: ${description} are needed`, {
      violations: [{ field: "request_id", description }],
    });
  }
  if (given !== "") return given;
  const made = randomUUID();
  fields[field.localName] = made;
  return made;
}
