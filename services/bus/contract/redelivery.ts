import { expect, test } from "vitest";
import type { BusMessage } from "../bus.ts";
import type { BusFixture } from "./fixture.ts";
import { all, consumeTexts, createWitness, ledger, publishAll, text } from "./witness.ts";

/** What a handler that throws is owed. */
export function redeliveryContract(fixture: () => BusFixture): void {
  test("a handler that throws sees the message again, before any later one", async () => {
    const a = await fixture().connect("a");
    await publishAll(a, ledger, ["1", "2", "3"]);
    const got = createWitness<string>();
    const errors = createWitness<Error>();
    a.onError(errors.see);
    const handle = async ({ payload, deliveryCount }: BusMessage) => {
      got.see(`${text(payload)}/${deliveryCount}`);
      if (text(payload) === "2" && deliveryCount < 4) throw new Error(`refused ${deliveryCount}`);
    };
    await a.consume(all, handle, { from: "all" });
    expect(await got.atLeast(6)).toEqual(["1/1", "2/1", "2/2", "2/3", "2/4", "3/1"]);
    expect(errors.seen.map(({ message }) => message)).toEqual([
      "refused 1",
      "refused 2",
      "refused 3",
    ]);
  });

  test("one consumer that fails holds up no other", async () => {
    const a = await fixture().connect("a");
    await publishAll(a, ledger, ["1", "2"]);
    const refuse = () => {
      throw new Error("never");
    };
    await a.consume(all, refuse, { from: "all" });
    const got = await consumeTexts(a, all);
    expect(await got.atLeast(2)).toEqual(["1", "2"]);
  });
}
