import { expect, test } from "vitest";
import type { Fence } from "#services/ledger/fence.ts";
import type { LedgerGit } from "#services/ledger/ledger-git.ts";
import type { Outgoing } from "#services/ledger/outgoing.ts";

/** A ledger remote with writers, of which the branches can be moved behind their backs. */
export type LedgerGitFixture = AsyncDisposable & {
  readonly open: (machine: string, more?: OpenOptions) => LedgerGit;
  readonly tip: (branch: string) => Promise<string | undefined>;
  readonly setTip: (branch: string, commit: string | undefined) => Promise<void>;
  /** Take the remote away, and give it back. */
  readonly away: (isAway: boolean) => Promise<void>;
};

/** What one side is opened with beside its name. */
export type OpenOptions = {
  readonly branch?: string;
  /** A clone of its own, where two processes are one machine. */
  readonly disk?: string;
  readonly isKeeper?: boolean;
  readonly fence?: Fence;
  readonly seen?: ReadonlyMap<string, string>;
};

const { signal } = new AbortController();

/** One writer: its journal in memory, and its repository. */
function writer(fixture: LedgerGitFixture, machine: string, more: OpenOptions = {}) {
  const git = fixture.open(machine, more);
  const texts = new Map<string, string>();
  const outgoing: Outgoing = {
    segments: () =>
      [...texts].map(([incarnation, text]) => {
        return { incarnation, name: "000001.jsonl", number: 1, durableBytes: text.length };
      }),
    bytes: async ({ incarnation }) => Buffer.from(texts.get(incarnation) ?? ""),
    message: "Events",
  };
  return {
    git,
    push: () => git.push(outgoing, signal),
    write: (line: string, incarnation = `${machine}.${more.disk ?? "1"}`) => {
      texts.set(incarnation, `${texts.get(incarnation) ?? ""}${line}\n`);
      return git.push(outgoing, signal);
    },
    read: async () => (await git.fetch(signal)).lines.flatMap(({ lines }) => lines).sort(),
  };
}

/** What a ledger's repository must do, the real one and the one of the simulator. */
export function ledgerGitContract(open: () => Promise<LedgerGitFixture>): void {
  lineContract(open);
  rewindContract(open);
  fenceContract(open);
}

function lineContract(open: () => Promise<LedgerGitFixture>): void {
  test("what one writes the others read, and nothing is pushed twice", async () => {
    await using fixture = await open();
    const [a, b] = [writer(fixture, "vm-a"), writer(fixture, "vm-b")];
    expect(await a.write("one")).toBe(true);
    expect(await a.push()).toBe(false);
    expect(await b.read()).toEqual(["one"]);
    expect(await b.read()).toEqual([]);
    await a.write("two");
    await b.write("three");
    expect(await b.read()).toContain("two");
    expect(await a.read()).toContain("three");
    expect(b.git.seen().get("machines/vm-a")).toBe(await fixture.tip("machines/vm-a"));
  });

  test("who goes on from what was seen before reads only what came since", async () => {
    await using fixture = await open();
    const [a, o] = [writer(fixture, "vm-a"), writer(fixture, "vm-o")];
    await Promise.all([a.write("one"), o.write("other")]);
    const before = writer(fixture, "vm-b");
    await before.read();
    const seen = new Map(before.git.seen());
    await a.write("two");
    const after = await writer(fixture, "vm-b", { seen }).read();
    expect([after.includes("two"), after.includes("other")]).toEqual([true, false]);
    const lost = new Map([...seen, ["machines/vm-o", "1".repeat(40)] as const]);
    expect(await writer(fixture, "vm-b", { seen: lost }).read()).toContain("other");
  });

  test("two processes of one machine stand on each other's commits", async () => {
    await using fixture = await open();
    const one = writer(fixture, "vm-a", { disk: "1" });
    const two = writer(fixture, "vm-a", { disk: "2" });
    const reader = writer(fixture, "vm-b");
    await one.write("one");
    await two.write("two");
    await one.write("three");
    expect(await reader.read()).toEqual(["one", "three", "two"]);
  });

  test("while the remote is away both ways say so, and later everything is there", async () => {
    await using fixture = await open();
    const [a, b] = [writer(fixture, "vm-a"), writer(fixture, "vm-b")];
    await a.write("one");
    await b.read();
    await fixture.away(true);
    const unavailable = { name: "TownError", reason: "unavailable" };
    await expect(a.write("two")).rejects.toMatchObject({ name: "TownError" });
    await expect(b.read()).rejects.toMatchObject(unavailable);
    await fixture.away(false);
    expect(await a.push()).toBe(true);
    expect(await b.read()).toContain("two");
  });
}

function rewindContract(open: () => Promise<LedgerGitFixture>): void {
  test("a branch that went back is told, and its writer puts back what it lacks", async () => {
    await using fixture = await open();
    const [a, b] = [writer(fixture, "vm-a"), writer(fixture, "vm-b", { isKeeper: true })];
    await a.write("one");
    const first = await fixture.tip("machines/vm-a");
    await a.write("two");
    await b.read();
    const second = await fixture.tip("machines/vm-a");
    await fixture.setTip("machines/vm-a", first);
    const { rewound } = await b.git.fetch(signal);
    expect(rewound).toEqual([{ branch: "machines/vm-a", from: second, to: first }]);
    expect((await b.git.fetch(signal)).rewound).toEqual([]);
    await a.git.fetch(signal);
    await a.push();
    const fresh = await writer(fixture, "vm-c").read();
    expect(fresh).toEqual(["one", "two"]);
  });

  test("a branch that is gone is told, and made anew", async () => {
    await using fixture = await open();
    const [a, b] = [writer(fixture, "vm-a"), writer(fixture, "vm-b", { isKeeper: true })];
    await a.write("one");
    await b.read();
    const from = await fixture.tip("machines/vm-a");
    await fixture.setTip("machines/vm-a", undefined);
    const { rewound } = await b.git.fetch(signal);
    expect(rewound).toEqual([{ branch: "machines/vm-a", from, to: undefined }]);
    await a.git.fetch(signal);
    await a.push();
    expect(await writer(fixture, "vm-c").read()).toEqual(["one"]);
  });

  test("whoever kept the clone notices it as an earlier process would have", async () => {
    await using fixture = await open();
    const [a, b] = [writer(fixture, "vm-a"), writer(fixture, "vm-b", { isKeeper: true })];
    await a.write("one");
    const first = await fixture.tip("machines/vm-a");
    await a.write("two");
    await b.read();
    await fixture.setTip("machines/vm-a", first);
    const next = writer(fixture, "vm-b", { isKeeper: true });
    expect((await next.git.fetch(signal)).rewound).toHaveLength(1);
  });
}

function fenceContract(open: () => Promise<LedgerGitFixture>): void {
  test("a fence is asked before each push and told of its end", async () => {
    await using fixture = await open();
    const told: string[] = [];
    const fence: Fence = {
      trailers: async (base) => {
        told.push(base === undefined ? "first" : "next");
        return { "Gastown-Term": "1" };
      },
      link: async () => undefined,
      pushed: () => void told.push("pushed"),
      refused: async ({ reason }) => {
        told.push(reason);
        return true;
      },
    };
    const town = writer(fixture, "town", { branch: "towns/t1", fence });
    await town.write("one");
    const first = await fixture.tip("towns/t1");
    await town.write("two");
    expect(told).toEqual(["first", "pushed", "next", "pushed"]);
    await fixture.setTip("towns/t1", first);
    await town.write("three");
    expect(told.slice(4)).toEqual(["next", "stale", "next", "pushed"]);
    expect(await writer(fixture, "vm-c").read()).toEqual(["one", "three", "two"]);
  });
}
