import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { describeBusContract } from "#services/bus/bus-contract.ts";
import { type BusFixture, restrictedSubjects } from "#services/bus/contract/fixture.ts";
import { bytes, ledger, text } from "#services/bus/contract/witness.ts";
import { Network } from "./network.ts";
import { Random } from "./random.ts";
import { busPlace, SimBus } from "./sim-bus.ts";
import { Timeline } from "./timeline.ts";

function scratchBus() {
  const timeline = new Timeline();
  const random = new Random("bus");
  const network = new Network(timeline, random.split("network"));
  const bus = new SimBus(timeline, network, random.split("bus"));
  return { timeline, network, bus };
}

describeBusContract("simulated", async (): Promise<BusFixture> => {
  const { timeline, network, bus } = scratchBus();
  const over = new AbortController();
  const run = async () => {
    while (!over.signal.aborted) {
      await timeline.run(timeline.elapsedMs + 20);
      await nextTurn(); // The tests' own waiting is real.
    }
  };
  const running = run();
  return {
    connect: async (name, restricted) => {
      const retry = { baseMs: 5, maxMs: 50 };
      const allow = restricted ? { allow: restrictedSubjects } : {};
      return bus.connect(name, timeline.process(name), { retry, ...allow });
    },
    cut: (name) => network.cut(name, busPlace),
    heal: (name) => network.heal(name, busPlace),
    crash: async () => bus.broker.cut(),
    restart: async () => bus.broker.heal(),
    wipe: async () => bus.broker.wipe(),
    close: async () => {
      over.abort();
      await running;
    },
  };
});

/** Two processes; what the second one sees of what is stored, and when. */
async function pair() {
  const made = scratchBus();
  const { timeline, bus } = made;
  const [writer, reader] = [timeline.process("writer"), timeline.process("reader")];
  const [out, into] = [bus.connect("vm-a", writer), bus.connect("vm-b", reader)];
  const seen: string[] = [];
  const see = ({ payload }: { payload: Uint8Array }) => void seen.push(text(payload));
  await into.consume("gt.t.ledger.>", see, { from: "all" });
  const say = (word: string) => out.publish(ledger, bytes(word), word);
  return { ...made, writer, reader, out, into, seen, say };
}

test("a publish whose acknowledgement is lost is stored, and fails as late", async () => {
  const { timeline, network, say, seen } = await pair();
  network.cut("vm-a", busPlace, "in");
  const said = expect(say("one")).rejects.toMatchObject({ reason: "timeout" });
  await timeline.run(6_000);
  await said;
  expect(seen).toEqual(["one"]);
});

test("a client that hears nothing gets it all once the way is open again", async () => {
  const { timeline, network, say, seen, into } = await pair();
  network.cut("vm-b", busPlace, "in");
  await Promise.all([timeline.run(1_000), say("one"), say("two")]);
  expect(seen).toEqual([]);
  await timeline.run(10_000);
  expect(into.isUp()).toBe(false);
  network.heal("vm-b", busPlace);
  await timeline.run(20_000);
  expect([into.isUp(), seen]).toEqual([true, ["one", "two"]]);
});

test("a process that stands still sees later what came meanwhile, a dead one nothing", async () => {
  const { timeline, reader, writer, say, seen } = await pair();
  reader.pause();
  await Promise.all([timeline.run(1_000), say("one")]);
  expect(seen).toEqual([]);
  reader.resume();
  await timeline.run(2_000);
  expect(seen).toEqual(["one"]);
  void say("two");
  writer.kill();
  void say("never");
  await timeline.run(10_000);
  expect(seen).toEqual(["one", "two"]);
  reader.kill();
});

test("a slow consumer sees everything, later", async () => {
  const { timeline, bus, say, seen } = await pair();
  bus.slow("vm-b", 3_000);
  await Promise.all([timeline.run(1_000), say("one"), say("two")]);
  expect(seen).toEqual([]);
  await timeline.run(4_000);
  expect(seen).toEqual(["one", "two"]);
});

test("what is stored once more comes twice", async () => {
  const { timeline, bus, say, seen } = await pair();
  await Promise.all([timeline.run(1_000), say("one")]);
  expect(bus.duplicate(2)).toBe(2);
  await timeline.run(2_000);
  expect(seen).toEqual(["one", "one", "one"]);
});

test("a store that lost its tail is read on, and a wiped one too", async () => {
  const { timeline, bus, say, seen } = await pair();
  await Promise.all([timeline.run(1_000), say("one"), say("two")]);
  bus.broker.rollBack(1);
  await timeline.run(3_000);
  await Promise.all([timeline.run(4_000), say("three")]);
  expect(seen.filter((word) => word === "three")).toEqual(["three"]);
  bus.broker.wipe();
  await timeline.run(6_000);
  await Promise.all([timeline.run(7_000), say("four")]);
  expect(seen.at(-1)).toBe("four");
});
