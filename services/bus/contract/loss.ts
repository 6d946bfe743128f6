import { expect, test } from "vitest";
import type { BusMessage } from "../bus.ts";
import type { BusFixture } from "./fixture.ts";
import {
  all,
  bytes,
  consumeTexts,
  createWitness,
  ledger,
  linkIs,
  numbers,
  publishAll,
  text,
} from "./witness.ts";

/** Where a consumer goes on that an earlier one has left. */
export function positionContract(fixture: () => BusFixture): void {
  test("another process goes on after the message that one had handled", async () => {
    const writer = await fixture().connect("writer");
    const first = await fixture().connect("first");
    const got = createWitness<BusMessage>();
    const subscription = await first.consume(all, got.see, { from: "all" });
    await publishAll(writer, ledger, numbers(1, 5));
    await got.atLeast(5);
    subscription.stop();
    const after = got.seen[2]?.position;
    const second = await fixture().connect("second");
    const rest = createWitness<string>();
    const handle = ({ payload }: BusMessage) => rest.see(text(payload));
    await second.consume(all, handle, { from: "all", after });
    await publishAll(writer, ledger, ["6"]);
    expect(await rest.atLeast(3)).toEqual(["4", "5", "6"]);
  });

  test("a position in a store that was wiped is as none", async () => {
    const writer = await fixture().connect("writer");
    const first = await fixture().connect("first");
    const got = createWitness<BusMessage>();
    await first.consume(all, got.see, { from: "all" });
    await publishAll(writer, ledger, numbers(1, 3));
    await got.atLeast(3);
    const after = got.seen[2]?.position;
    await fixture().wipe();
    await linkIs(writer, true);
    await publishAll(writer, ledger, numbers(11, 14));
    const second = await fixture().connect("second");
    const rest = createWitness<string>();
    const handle = ({ payload }: BusMessage) => rest.see(text(payload));
    await second.consume(all, handle, { from: "all", after });
    expect(await rest.atLeast(4)).toEqual(numbers(11, 14));
  });
}

/** Links that go and come back. */
export function linkLossContract(fixture: () => BusFixture): void {
  test("a client that was cut off gets what it missed", async () => {
    const writer = await fixture().connect("writer");
    const reader = await fixture().connect("reader");
    const got = await consumeTexts(reader, all);
    await publishAll(writer, ledger, numbers(1, 3));
    await got.atLeast(3);
    fixture().cut("reader");
    await linkIs(reader, false);
    await publishAll(writer, ledger, numbers(4, 100));
    fixture().heal("reader");
    await got.atLeast(100);
    expect(got.seen).toEqual(numbers(1, 100));
  });

  test("a message in hand when the link goes is not lost", async () => {
    const writer = await fixture().connect("writer");
    const reader = await fixture().connect("reader");
    const got = createWitness<string>();
    const handle = ({ payload }: BusMessage) => {
      got.see(text(payload));
      if (text(payload) === "2" && !healed) throw new Error("not while the link is down");
    };
    let healed = false;
    await reader.consume(all, handle, { from: "all" });
    await publishAll(writer, ledger, ["1", "2", "3"]);
    await got.atLeast(2);
    fixture().cut("reader");
    await linkIs(reader, false);
    healed = true;
    fixture().heal("reader");
    await linkIs(reader, true);
    await publishAll(writer, ledger, ["4"]);
    while (got.seen.at(-1) !== "4") await got.atLeast(got.seen.length + 1);
    expect([...new Set(got.seen)]).toEqual(["1", "2", "3", "4"]);
  });

  test("while the link is down, sending says so and signals are dropped", async () => {
    const a = await fixture().connect("a");
    const b = await fixture().connect("b");
    const got = createWitness<string>();
    b.listen("gt.t.wake", (payload) => got.see(text(payload)));
    await b.publish(ledger, bytes("the listener is known"), "0");
    fixture().cut("a");
    await linkIs(a, false);
    const unavailable = { name: "TownError", reason: "unavailable" };
    await expect(a.publish(ledger, bytes("x"), "1")).rejects.toMatchObject(unavailable);
    await expect(a.request("gt.t.ask.b.x", bytes(""), 1_000)).rejects.toMatchObject(unavailable);
    a.signal("gt.t.wake", bytes("dropped"));
    fixture().heal("a");
    await linkIs(a, true);
    await a.publish(ledger, bytes("x"), "1");
    a.signal("gt.t.wake", bytes("arrives"));
    expect(await got.atLeast(1)).toEqual(["arrives"]);
  });
}

/** Brokers that crash, stores that are wiped, a broker that is not there yet. */
export function storeLossContract(fixture: () => BusFixture): void {
  test("a broker crashes and comes back: links are told, nothing is lost or skipped", async () => {
    const writer = await fixture().connect("writer");
    const reader = await fixture().connect("reader");
    const links = createWitness<boolean>();
    reader.onLink(links.see);
    const got = await consumeTexts(reader, all);
    await publishAll(writer, ledger, numbers(1, 5));
    await got.atLeast(5);
    await fixture().crash();
    await Promise.all([linkIs(writer, false), linkIs(reader, false)]);
    await fixture().restart();
    await Promise.all([linkIs(writer, true), linkIs(reader, true)]);
    await publishAll(writer, ledger, numbers(6, 10));
    await got.atLeast(10);
    expect(got.seen).toEqual(numbers(1, 10));
    expect(links.seen).toEqual([false, true]);
    const late = await consumeTexts(writer, all);
    await late.atLeast(10);
    expect(late.seen).toEqual(numbers(1, 10));
  });

  test("a wiped store is used again from its first new message", async () => {
    const writer = await fixture().connect("writer");
    const reader = await fixture().connect("reader");
    const got = await consumeTexts(reader, all);
    const gotNew = await consumeTexts(reader, all, "new");
    await publishAll(writer, ledger, numbers(1, 20));
    await Promise.all([got.atLeast(20), gotNew.atLeast(20)]);
    await fixture().wipe();
    await linkIs(writer, true);
    await publishAll(writer, ledger, numbers(21, 25));
    await Promise.all([got.atLeast(25), gotNew.atLeast(25)]);
    expect(got.seen).toEqual(numbers(1, 25));
    expect(gotNew.seen).toEqual(numbers(1, 25));
  });

  test("a client may start before the broker", async () => {
    await fixture().crash();
    const a = await fixture().connect("a");
    expect(a.isUp()).toBe(false);
    const got = await consumeTexts(a, all);
    const woken = createWitness<string>();
    a.listen("gt.t.wake", (payload) => woken.see(text(payload)));
    const refused = a.publish(ledger, bytes("x"), "1");
    await expect(refused).rejects.toMatchObject({ reason: "unavailable" });
    await fixture().restart();
    await linkIs(a, true);
    await a.publish(ledger, bytes("x"), "1");
    a.signal("gt.t.wake", bytes("up"));
    expect(await got.atLeast(1)).toEqual(["x"]);
    expect(await woken.atLeast(1)).toEqual(["up"]);
  });
}
