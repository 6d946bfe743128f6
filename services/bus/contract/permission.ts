import { expect, test } from "vitest";
import { TownError } from "../../rpc/town-error.ts";
import type { BusFixture } from "./fixture.ts";
import { all, bytes, consumeTexts, createWitness, ledger, other } from "./witness.ts";

/** What is denied is said, by the call or through `onError`. */
export function permissionContract(fixture: () => BusFixture): void {
  const denied = { name: "TownError", reason: "denied" };

  test("what is allowed works", async () => {
    const free = await fixture().connect("free");
    const bound = await fixture().connect("bound", "restricted");
    const got = await consumeTexts(free, all);
    await bound.publish(ledger, bytes("x"), "1");
    expect(await got.atLeast(1)).toEqual(["x"]);
  });

  test("calls that return say what is denied", async () => {
    const free = await fixture().connect("free");
    const bound = await fixture().connect("bound", "restricted");
    free.respond("gt.t.ask.town.x", async (payload) => payload);
    await free.publish(ledger, bytes("the responder is known, the store there"), "0");
    await expect(bound.publish(other, bytes("x"), "1")).rejects.toMatchObject(denied);
    const asked = bound.request("gt.t.ask.town.x", bytes("x"), 5_000);
    await expect(asked).rejects.toMatchObject(denied);
    await expect(consumeTexts(bound, all)).rejects.toMatchObject(denied);
  });

  test("calls that return nothing tell through onError", async () => {
    const bound = await fixture().connect("bound", "restricted");
    const errors = createWitness<Error>();
    bound.onError(errors.see);
    bound.signal("gt.t.beat.vm-b", bytes("x"));
    await errors.atLeast(1);
    bound.listen("gt.t.beat.*", () => undefined);
    await errors.atLeast(2);
    bound.respond("gt.t.ask.vm-b.x", async (payload) => payload);
    await errors.atLeast(3);
    const said = errors.seen.map((error) => error instanceof TownError && error.reason);
    expect(said).toEqual(["denied", "denied", "denied"]);
    expect(errors.seen[0]?.message).toContain("gt.t.beat.vm-b");
    expect(errors.seen[1]?.message).toContain("gt.t.beat.*");
  });
}
