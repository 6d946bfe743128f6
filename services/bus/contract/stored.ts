import { expect, test } from "vitest";
import type { BusMessage } from "../bus.ts";
import type { BusFixture } from "./fixture.ts";
import {
  all,
  bytes,
  consumeTexts,
  createWitness,
  ledger,
  numbers,
  other,
  publishAll,
} from "./witness.ts";

/** Order and dedupe of stored messages. */
export function storedContract(fixture: () => BusFixture): void {
  test("each publisher's messages come in its order, the retained ones first", async () => {
    const [a, b, reader] = await Promise.all(
      ["a", "b", "r"].map((name) => fixture().connect(name)),
    );
    if (!a || !b || !reader) throw new Error("not connected");
    await Promise.all([
      publishAll(a, ledger, numbers(1, 200)),
      publishAll(b, other, numbers(1_001, 1_200)),
    ]);
    const got = await consumeTexts(reader, all);
    await got.atLeast(400);
    await publishAll(a, ledger, ["201"]);
    await got.atLeast(401);
    expect(got.seen.filter((item) => Number(item) < 1_000)).toEqual(numbers(1, 201));
    expect(got.seen.filter((item) => Number(item) > 1_000)).toEqual(numbers(1_001, 1_200));
  });

  test("from new, only what is published afterwards comes", async () => {
    const a = await fixture().connect("a");
    await publishAll(a, ledger, ["old"]);
    const got = await consumeTexts(a, all, "new");
    await publishAll(a, ledger, ["new"]);
    expect(await got.atLeast(1)).toEqual(["new"]);
  });

  test("one id is stored once", async () => {
    const a = await fixture().connect("a");
    await a.publish(ledger, bytes("one"), "id-1");
    await a.publish(ledger, bytes("one again"), "id-1");
    await a.publish(ledger, bytes("two"), "id-2");
    const got = await consumeTexts(a, all);
    expect(await got.atLeast(2)).toEqual(["one", "two"]);
  });
}

/** Which messages a consumer gets, what they look like, and what is refused. */
export function patternContract(fixture: () => BusFixture): void {
  test.for([
    { pattern: "gt.t.ledger.vm-a", expected: ["a", "end"] },
    { pattern: "gt.t.ledger.*", expected: ["a", "b", "end"] },
    { pattern: "gt.t.ledger.>", expected: ["a", "b", "deep", "end"] },
    { pattern: "gt.t.ledger.*.*", expected: ["deep"] },
  ])("$pattern consumes $expected", async ({ pattern, expected }) => {
    const a = await fixture().connect("a");
    await a.publish(ledger, bytes("a"), "1");
    await a.publish(other, bytes("b"), "2");
    await a.publish("gt.t.ledger.vm-a.x", bytes("deep"), "3");
    await a.publish(ledger, bytes("end"), "4");
    const got = await consumeTexts(a, pattern);
    expect(await got.atLeast(expected.length)).toEqual(expected);
  });

  test("what cannot be stored is refused as invalid", async () => {
    const a = await fixture().connect("a");
    const invalid = { name: "TownError", reason: "invalid" };
    const large = new Uint8Array(512 * 1024 + 1);
    await expect(a.publish(ledger, large, "1")).rejects.toMatchObject(invalid);
    await expect(a.publish("gt.t.wake", bytes("x"), "2")).rejects.toMatchObject(invalid);
    await expect(a.publish(all, bytes("x"), "3")).rejects.toMatchObject(invalid);
    await expect(consumeTexts(a, "gt.t.beat.*")).rejects.toMatchObject(invalid);
    await a.publish(ledger, large.subarray(1), "4");
  });

  test("subject and payload arrive as they were sent", async () => {
    const a = await fixture().connect("a");
    const sent = new Uint8Array([0, 13, 10, 255, 128]);
    await a.publish(ledger, sent, "1");
    const got = createWitness<BusMessage>();
    await a.consume(all, got.see, { from: "all" });
    const [message] = await got.atLeast(1);
    expect(message?.subject).toBe(ledger);
    expect(Buffer.from(message?.payload ?? [])).toEqual(Buffer.from(sent));
    expect(message?.deliveryCount).toBe(1);
  });
}
