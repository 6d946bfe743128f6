import { expect, test } from "vitest";
import type { BusFixture } from "./fixture.ts";
import { bytes, createWitness, ledger, text } from "./witness.ts";

/** Signals to whoever listens. */
export function signalContract(fixture: () => BusFixture): void {
  test("a signal reaches those who listen now, by their patterns", async () => {
    const a = await fixture().connect("a");
    const b = await fixture().connect("b");
    const beats = createWitness<string>();
    const one = createWitness<string>();
    a.signal("gt.t.beat.vm-a", bytes("before anyone listened"));
    await a.publish(ledger, bytes("the signal is through"), "0");
    b.listen("gt.t.beat.*", (payload, subject) => beats.see(`${subject} ${text(payload)}`));
    const subscription = b.listen("gt.t.beat.vm-a", (payload) => one.see(text(payload)));
    await b.publish(ledger, bytes("the listeners are known"), "1");
    a.signal("gt.t.beat.vm-a", bytes("1"));
    a.signal("gt.t.beat.vm-b", bytes("2"));
    await Promise.all([beats.atLeast(2), one.atLeast(1)]);
    subscription.stop();
    await b.publish(ledger, bytes("the listener is forgotten"), "2");
    a.signal("gt.t.beat.vm-a", bytes("3"));
    await beats.atLeast(3);
    expect(beats.seen).toEqual(["gt.t.beat.vm-a 1", "gt.t.beat.vm-b 2", "gt.t.beat.vm-a 3"]);
    expect(one.seen).toEqual(["1"]);
  });

  test("a listener that throws is told through onError and hears the next", async () => {
    const a = await fixture().connect("a");
    const errors = createWitness<Error>();
    const got = createWitness<string>();
    a.onError(errors.see);
    a.listen("gt.t.wake", (payload) => {
      got.see(text(payload));
      throw new Error("cannot");
    });
    a.signal("gt.t.wake", bytes("1"));
    a.signal("gt.t.wake", bytes("2"));
    await errors.atLeast(2);
    expect(got.seen).toEqual(["1", "2"]);
  });
}
