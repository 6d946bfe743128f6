import { expect, test } from "vitest";
import { Chain } from "./chain.ts";
import { encodeEvent, type LedgerEvent } from "./event.ts";

/** The first events of one incarnation. */
function written(count: number): LedgerEvent[] {
  const events: LedgerEvent[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const prev = events.at(-1)?.hash ?? "";
    const head = { v: 1, writer: "vm-a.aaaa0000", seq, clock: [seq, 0] as const, prev };
    events.push(
      encodeEvent({ ...head, actor: "ann", bead: "x", op: "set", values: { fields: {} } }),
    );
  }
  return events;
}

test("a gap stands until all that came early is there, though not all of it was kept", () => {
  const [first, ...later] = written(20_010) as [LedgerEvent, ...LedgerEvent[]];
  const chain = new Chain();
  for (const event of later) chain.accept(event);
  expect(chain.gap()).toBe(1);
  chain.accept(first);
  expect(chain.head().seq).toBe(20_001);
  expect(chain.gap()).toBe(20_002);
  for (const event of later) chain.accept(event);
  expect(chain.gap()).toBeUndefined();
  expect(chain.head().seq).toBe(20_010);
});

test("what a checkpoint has is known, and a second event under its number is a fork", () => {
  const events = written(3);
  const hashesOf = (seq: number) => events.slice(seq - 1, seq).map(({ hash }) => hash);
  const chain = new Chain({ seq: 0, hash: "" }, hashesOf);
  for (const event of events) chain.accept(event);
  chain.settle(chain.head());
  for (const event of events) expect(chain.accept(event).kind).toBe("known");
  const values = { fields: { title: "another" } };
  const { hash: _, line: __, ...second } = events[1] as LedgerEvent;
  const other = encodeEvent({ ...second, values });
  expect(chain.accept(other).kind).toBe("forked");
  expect(chain.accept(other).kind).toBe("known");
  expect([chain.forks, chain.broken]).toEqual([[2], []]);
});
