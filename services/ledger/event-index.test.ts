import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { claimBead, createBead, setFields } from "./drafts.ts";
import { readEntry } from "./event-log.ts";
import { type Ledger, openLedger } from "./ledger.ts";

function open(machine: string, clock: { ms: number }): Promise<Ledger> {
  const disk = new MemoryDisk();
  return openLedger({ dir: "/journal", machine, disk, nowMs: () => clock.ms });
}

const linesOf = (events: readonly { line: string }[]) => events.map(({ line }) => line);

test("a bead's history is the same on every replica, however its events arrived", async () => {
  const clock = { ms: 1_000 };
  const [a, b] = [await open("vm-a", clock), await open("vm-b", clock)];
  const first = await a.append("overseer", [createBead({ uid: "x", id: "alpha-x", title: "X" })]);
  clock.ms = 2_000;
  const second = await b.append("nux", [setFields("x", { title: "Y" })]);
  clock.ms = 3_000;
  const third = await a.append("authority", [
    claimBead("x", "1.1", { machine: "vm-a", polecat: "nux" }),
    createBead({ uid: "other", id: "alpha-o", title: "O" }),
  ]);
  a.receive([...linesOf(second), ...linesOf(second)], "vm-b");
  b.receive(linesOf([...third, ...first, ...third]), "vm-a");
  for (const ledger of [a, b]) {
    expect(ledger.history("x")).toEqual([...first, ...second, third[0]]);
    expect([...ledger.log()].map(readEntry)).toEqual([...first, ...second, ...third]);
  }
  expect(a.history("nobody")).toEqual([]);
});

test("two events under one number are both in the history", async () => {
  const ledger = await open("vm-a", { ms: 1 });
  const random = () => "cloned00";
  for (const title of ["one", "two"]) {
    const options = { dir: "/j", machine: "vm-b", disk: new MemoryDisk(), nowMs: () => 5, random };
    const twin = await openLedger(options);
    const draft = createBead({ uid: "x", id: "alpha-x", title });
    ledger.receive(linesOf(await twin.append("overseer", [draft])), "vm-b");
  }
  expect(ledger.history("x")).toHaveLength(2);
});

test("the log is in the order of time, however it arrived, and as it was when asked", async () => {
  const clock = { ms: 1_000 };
  const [here, far] = [await open("vm-a", clock), await open("vm-b", clock)];
  const early = [];
  for (let n = 0; n < 100; n += 1) {
    clock.ms += 10;
    early.push(...(await far.append("nux", [setFields("x", { n })])));
  }
  await here.append("ann", [setFields("x", { n: "last" })]);
  const before = here.log();
  here.receive(linesOf(early.slice(0, 60)), "vm-b");
  const middle = here.log();
  here.receive(linesOf(early.slice(60)), "vm-b");
  const times = [...here.log()].map(({ stamp }) => stamp[0]);
  expect(times).toHaveLength(101);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect([before.length, middle.length]).toEqual([1, 61]);
  expect([...middle].at(60)?.actor).toBe("ann");
  expect([...before].at(0)?.actor).toBe("ann");
  const [third, second] = [...here.log().walk(true)].slice(98, 100);
  const rest = [...here.log().walk(true, third)];
  expect(rest.map(({ seq }) => seq)).toEqual([second?.seq, 1]);
  expect(here.history("x")).toHaveLength(101);
});
