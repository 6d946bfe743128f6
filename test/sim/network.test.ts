import { expect, test } from "vitest";
import { Network } from "./network.ts";
import { Random } from "./random.ts";
import { Timeline } from "./timeline.ts";

function scratchNetwork() {
  const timeline = new Timeline();
  const network = new Network(timeline, new Random("network"));
  const seen: string[] = [];
  const send = (from: string, to: string, word: string) =>
    network.send(from, to, () => seen.push(word));
  return { timeline, network, seen, send };
}

test("messages arrive in the order in which they were sent, unless the way reorders", async () => {
  const { timeline, network, seen, send } = scratchNetwork();
  const words = Array.from({ length: 30 }, (_, at) => String(at));
  network.set("a", "b", { delayMinMs: 1, delayMaxMs: 500 });
  for (const word of words) send("a", "b", word);
  await timeline.run(10_000);
  expect(seen).toEqual(words);
  network.set("a", "b", { isReordering: true });
  for (const word of words) send("a", "b", word);
  await timeline.run(20_000);
  expect(seen.slice(30)).not.toEqual(words);
  expect(seen.slice(30).sort()).toEqual([...words].sort());
});

test.for([
  { direction: "both", expected: [] },
  { direction: "out", expected: ["b to a"] },
  { direction: "in", expected: ["a to b"] },
] as const)("a cut $direction leaves $expected", async ({ direction, expected }) => {
  const { timeline, network, seen, send } = scratchNetwork();
  network.cut("a", "b", direction);
  send("a", "b", "a to b");
  send("b", "a", "b to a");
  await timeline.run(1_000);
  expect(seen).toEqual(expected);
  expect(network.isConnected("a", "b")).toBe(false);
  network.heal("a", "b");
  expect(network.isConnected("a", "b")).toBe(true);
  expect(send("a", "b", "healed") && send("b", "a", "healed")).toBe(true);
});

test("what is under way when a way is cut arrives", async () => {
  const { timeline, network, seen, send } = scratchNetwork();
  send("a", "b", "under way");
  network.cut("a", "b");
  await timeline.run(1_000);
  expect(seen).toEqual(["under way"]);
});

test("loss and duplication are as often as they are said to be", async () => {
  const { timeline, network, seen, send } = scratchNetwork();
  network.setUsual({ lossShare: 20, duplicateShare: 10 });
  for (let count = 0; count < 2_000; count += 1) send("a", "b", "one");
  await timeline.run(100_000);
  expect(Math.abs(seen.length - 2_000 * 0.8 * 1.1)).toBeLessThan(100);
});

test("a flapping way goes down and comes back, and says so each time", async () => {
  const { timeline, network } = scratchNetwork();
  const seen: string[] = [];
  network.onChange((from) => {
    if (from === "a") seen.push(`${timeline.elapsedMs} ${network.isOpen("a", "b")}`);
  });
  network.flap("a", "b", { count: 2, downMs: 100, upMs: 50 });
  await timeline.run(10_000);
  expect(seen).toEqual(["0 false", "100 true", "150 false", "250 true"]);
});
