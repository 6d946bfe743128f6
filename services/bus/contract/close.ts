import { expect, test } from "vitest";
import type { BusFixture } from "./fixture.ts";
import {
  all,
  bytes,
  consumeTexts,
  createWitness,
  ledger,
  linkIs,
  publishAll,
  text,
} from "./witness.ts";

/** The end of consumers and of the bus. */
export function closeContract(fixture: () => BusFixture): void {
  test("a stopped consumer sees no more, also in the midst of a refusal", async () => {
    const a = await fixture().connect("a");
    const first = await consumeTexts(a, all);
    const second = await consumeTexts(a, all);
    await publishAll(a, ledger, ["1"]);
    await Promise.all([first.atLeast(1), second.atLeast(1)]);
    first.stop();
    await publishAll(a, ledger, ["2"]);
    await second.atLeast(2);
    expect(first.seen).toEqual(["1"]);
    const refusals = createWitness<string>();
    const subscription = await a.consume(
      all,
      ({ payload }) => {
        refusals.see(text(payload));
        subscription.stop();
        throw new Error("refused and stopped");
      },
      { from: "new" },
    );
    await publishAll(a, ledger, ["3"]);
    await publishAll(a, ledger, ["4"]);
    await second.atLeast(4);
    expect(refusals.seen).toEqual(["3"]);
  });

  test("a closed bus is down, sends nothing, delivers nothing, and closes twice", async () => {
    const a = await fixture().connect("a");
    const b = await fixture().connect("b");
    const links = createWitness<boolean>();
    a.onLink(links.see);
    const closed = await consumeTexts(a, all);
    const open = await consumeTexts(b, all);
    a.respond("gt.t.ask.a.x", async (payload) => payload);
    await a.close();
    await a.close();
    expect(a.isUp()).toBe(false);
    expect(links.seen).toEqual([false]);
    const unavailable = { reason: "unavailable" };
    await expect(a.publish(ledger, bytes("x"), "1")).rejects.toMatchObject(unavailable);
    await expect(b.request("gt.t.ask.a.x", bytes(""), 5_000)).rejects.toMatchObject(unavailable);
    await publishAll(b, ledger, ["1"]);
    await open.atLeast(1);
    expect(closed.seen).toEqual([]);
  });

  test("a closed bus stays down when the broker comes back", async () => {
    const a = await fixture().connect("a");
    await fixture().crash();
    await linkIs(a, false);
    await a.close();
    await fixture().restart();
    const b = await fixture().connect("b");
    await publishAll(b, ledger, ["1"]);
    expect(a.isUp()).toBe(false);
  });
}
