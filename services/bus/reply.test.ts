import { expect, test } from "vitest";
import { TownError } from "../rpc/town-error.ts";
import { decodeFailure, encodeFailure } from "./reply.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("a failure of a newer peer, or no failure at all, is a plain error", () => {
  const unknown = decodeFailure(bytes('{"reason":"toString","message":"m"}'), "s");
  expect(unknown).not.toBeInstanceOf(TownError);
  expect(unknown.message).toBe("s failed: m");
  for (const text of ["", "{", "null", '{"message":"m"}']) {
    expect(decodeFailure(bytes(text), "s").message).toContain("unreadable");
  }
});

test("what is thrown that is no error still travels", () => {
  expect(decodeFailure(encodeFailure("odd"), "s").message).toBe("s failed: odd");
});
