import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { decodeEvent, encodeEvent } from "./event.ts";
import { openLedger } from "./ledger.ts";

type Odd = { readonly metadata?: string; readonly ms?: number };

function createLine(writer: string, { metadata = "{}", ms = 1_000 }: Odd = {}): string {
  const values = `{"id":"hq-${writer}","fields":{"title":"T","metadata":${metadata}}}`;
  const head = `"v":1,"writer":"${writer}","seq":1,"clock":[${ms},0],"actor":"ann"`;
  return `{${head},"bead":"${writer}","op":"create","values":${values},"prev":""}`;
}

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

test.for<Odd & { what: string }>([
  { what: "nested too deep", metadata: nested(2_000) },
  { what: "nested without end", metadata: nested(1_000_000) },
  { what: "stamped with a time that no calendar has", ms: Number.MAX_SAFE_INTEGER },
])("a line $what stops its writer alone", async ({ what, ...odd }) => {
  const nowMs = () => 1_000;
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk: new MemoryDisk(), nowMs });
  ledger.receive([createLine("vm-b.aaaa", odd), createLine("vm-c.aaaa")], "bus");
  expect(ledger.alarms().map(({ kind }) => kind)).toEqual(["bad-line"]);
  expect([...ledger.world.all()].map(({ id }) => id)).toEqual(["hq-vm-c.aaaa"]);
});

test("what can be written can be read, as deep as it may be nested", () => {
  const { line: _, hash: _hash, ...event } = decodeEvent(createLine("vm-b.aaaa"));
  const write = (depth: number) => {
    const metadata = JSON.parse(nested(depth));
    return encodeEvent({ ...event, values: { ...event.values, fields: { metadata } } });
  };
  let depth = 1;
  for (; depth < 1_000; depth += 1) {
    try {
      expect(decodeEvent(write(depth).line).hash).toHaveLength(43);
    } catch (error) {
      expect(error).toMatchObject({ reason: "invalid", message: /nested more than 500 deep/ });
      break;
    }
  }
  expect(depth).toBeGreaterThan(400);
  expect(depth).toBeLessThan(500);
});
