import { expect, test } from "vitest";
import { type Orderable, orderQueue } from "./queue-order.ts";

const hourMs = 60 * 60_000;

function request(id: string, rest: Partial<Orderable> = {}): Orderable {
  return { id, bead: `bead-${id}`, priority: 2, submittedMs: 0, needs: [], ...rest };
}

test.for<[string, Orderable[], string]>([
  ["the more urgent first", [request("a"), request("b", { priority: 1 })], "b a"],
  ["then who came first", [request("a", { submittedMs: 1 }), request("b")], "b a"],
  ["then by name", [request("b"), request("a")], "a b"],
  [
    "who waited an hour overtakes what is one priority more urgent",
    [request("new", { priority: 1, submittedMs: hourMs + 1 }), request("old")],
    "old new",
  ],
  [
    "what a request needs goes before it, however urgent it is",
    [request("top", { priority: 0, needs: ["bead-low"] }), request("low", { priority: 4 })],
    "low top",
  ],
  [
    "a chain of needs keeps its order, and others slip in by urgency",
    [
      request("c", { priority: 0, needs: ["bead-b"] }),
      request("b", { priority: 0, needs: ["bead-a"] }),
      request("a", { priority: 3 }),
      request("x", { priority: 1 }),
    ],
    "x a b c",
  ],
  [
    "in a cycle the most urgent goes first",
    [request("a", { needs: ["bead-b"] }), request("b", { priority: 1, needs: ["bead-a"] })],
    "b a",
  ],
  ["what is needed and not in the queue changes no order", [request("a", { needs: ["z"] })], "a"],
  [
    "a second request of one bead does not wait for the first",
    [request("a1", { bead: "a", needs: ["a"] }), request("a2", { bead: "a", submittedMs: 1 })],
    "a1 a2",
  ],
])("%s", ([_, requests, expected]) => {
  const order = orderQueue(requests).map(({ id }) => id);
  expect(order.join(" ")).toBe(expected);
  expect(orderQueue([...requests].reverse()).map(({ id }) => id)).toEqual(order);
});
