import { expect, test } from "vitest";
import { TownError } from "../../rpc/town-error.ts";
import type { Bus } from "../bus.ts";
import type { BusFixture } from "./fixture.ts";
import { bytes, createWitness, ledger, linkIs, text } from "./witness.ts";

const subject = "gt.t.ask.vm-b.peek";

const pair = async (fixture: BusFixture) => ({
  caller: await fixture.connect("caller"),
  responder: await fixture.connect("responder"),
});

/** Returns once the broker knows of what `bus` has subscribed to. */
const known = (bus: Bus) => bus.publish(ledger, bytes("known"), crypto.randomUUID());

/** Requests that are answered. */
export function requestContract(fixture: () => BusFixture): void {
  test("an answer comes back; the responder sees the subject", async () => {
    const { caller, responder } = await pair(fixture());
    responder.respond("gt.t.ask.vm-b.*", async (payload, asked) =>
      bytes(`${asked}: ${text(payload)}`),
    );
    await known(responder);
    const answer = await caller.request(subject, bytes("nux"), 5_000);
    expect(text(answer)).toBe("gt.t.ask.vm-b.peek: nux");
  });

  test("of two responders one is asked", async () => {
    const { caller, responder } = await pair(fixture());
    let asked = 0;
    const answer = async (payload: Uint8Array) => {
      asked += 1;
      return payload;
    };
    responder.respond(subject, answer);
    responder.respond(subject, answer);
    await known(responder);
    await caller.request(subject, bytes(""), 5_000);
    await known(responder);
    expect(asked).toBe(1);
  });

  test("a responder answers again after its link was cut", async () => {
    const { caller, responder } = await pair(fixture());
    responder.respond(subject, async (payload) => payload);
    fixture().cut("responder");
    await linkIs(responder, false);
    fixture().heal("responder");
    await linkIs(responder, true);
    expect(text(await caller.request(subject, bytes("again"), 5_000))).toBe("again");
  });
}

/** Requests that fail, and how the caller learns why. */
export function requestFailureContract(fixture: () => BusFixture): void {
  test("without a responder the call is unavailable at once", async () => {
    const { caller, responder } = await pair(fixture());
    const unavailable = { name: "TownError", reason: "unavailable" };
    await expect(caller.request(subject, bytes(""), 60_000)).rejects.toMatchObject(unavailable);
    const subscription = responder.respond(subject, async (payload) => payload);
    await known(responder);
    await caller.request(subject, bytes(""), 5_000);
    subscription.stop();
    await known(responder);
    await expect(caller.request(subject, bytes(""), 60_000)).rejects.toMatchObject(unavailable);
  });

  test("a silent responder is a timeout", async () => {
    const { caller, responder } = await pair(fixture());
    responder.respond(subject, () => new Promise(() => undefined));
    await known(responder);
    const asked = caller.request(subject, bytes(""), 50);
    await expect(asked).rejects.toMatchObject({ name: "TownError", reason: "timeout" });
  });

  test("an expected failure reaches the caller whole", async () => {
    const { caller, responder } = await pair(fixture());
    const violations = [{ field: "name", description: "no such polecat\nat all" }];
    responder.respond(subject, async () => {
      throw new TownError("not_found", "no polecat nux", { violations });
    });
    await known(responder);
    const asked = caller.request(subject, bytes(""), 5_000);
    const expected = { name: "TownError", reason: "not_found", message: "no polecat nux" };
    await expect(asked).rejects.toMatchObject({ ...expected, violations });
  });

  test("a bug of the responder is told on both sides, as a bug", async () => {
    const { caller, responder } = await pair(fixture());
    const errors = createWitness<Error>();
    responder.onError(errors.see);
    responder.respond(subject, async () => {
      throw new TypeError("undefined is not a function");
    });
    await known(responder);
    const error: unknown = await caller.request(subject, bytes(""), 5_000).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(TownError);
    await errors.atLeast(1);
    expect(errors.seen[0]).toBeInstanceOf(TypeError);
  });

  test("a call under way when the caller's link goes is unavailable", async () => {
    const { caller, responder } = await pair(fixture());
    const arrived = createWitness<string>();
    responder.respond(subject, (payload) => {
      arrived.see(text(payload));
      return new Promise(() => undefined);
    });
    await known(responder);
    const asked = caller.request(subject, bytes("x"), 60_000);
    const refused = expect(asked).rejects.toMatchObject({ reason: "unavailable" });
    await arrived.atLeast(1);
    fixture().cut("caller");
    await refused;
  });
}
