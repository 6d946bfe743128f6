import { expect, test } from "vitest";
import { type Arrival, parseDelivery, pullMessages } from "./pull.ts";
import { createQueue } from "./queue.ts";

const message = (deliverySeq: number): Arrival => ({
  code: 0,
  description: "",
  subject: "gt.t.ledger.a",
  reply: `$JS.ACK.GT_t.c.1.${deliverySeq + 100}.${deliverySeq}.1700000000000000000.0`,
  payload: new Uint8Array([deliverySeq]),
});
const status = (code: number): Arrival => ({ ...message(0), code, reply: "" });

async function pulled(arrivals: readonly Arrival[]) {
  const queue = createQueue<Arrival>();
  for (const arrival of arrivals) queue.push(arrival);
  let asked = 0;
  const seqs: number[] = [];
  const ask = () => {
    asked += 1;
  };
  for await (const { seq } of pullMessages(ask, queue, new AbortController().signal)) {
    seqs.push(seq);
  }
  return { asked, seqs };
}

test.for([
  { what: "a gap", arrivals: [message(1), message(3)], expected: [101] },
  { what: "a deleted consumer", arrivals: [message(1), status(409)], expected: [101] },
  { what: "nobody there", arrivals: [status(503)], expected: [] },
  { what: "a refusal", arrivals: [status(403)], expected: [] },
  { what: "a foreign message", arrivals: [{ ...message(1), reply: "" }], expected: [] },
])("$what ends the feed, so that it is opened anew", async ({ arrivals, expected }) => {
  expect(await pulled(arrivals)).toEqual({ asked: 1, seqs: expected });
});

test("the end of one pull starts the next", async () => {
  const arrivals = [message(1), status(408), message(2), status(404), message(3), status(409)];
  expect(await pulled(arrivals)).toEqual({ asked: 3, seqs: [101, 102, 103] });
});

test("a full pull starts the next without an end", async () => {
  const arrivals = Array.from({ length: 65 }, (_, index) => message(index + 1));
  const { asked, seqs } = await pulled([...arrivals, status(409)]);
  expect(asked).toBe(2);
  expect(seqs.length).toBe(65);
});

test("a raised signal ends the feed", async () => {
  const stop = new AbortController();
  const feed = pullMessages(() => stop.abort(), createQueue<Arrival>(), stop.signal);
  expect(await feed.next()).toMatchObject({ done: true });
});

test.for([
  "$JS.ACK.GT_t.c.1.42.7.1700000000123456789.0",
  "$JS.ACK.hub.ACC.GT_t.c.1.42.7.1700000000123456789.0.x",
])("%s is read", (reply) => {
  expect(parseDelivery(reply)).toEqual({ seq: 42, deliverySeq: 7, storedAtMs: 1_700_000_000_123 });
});
