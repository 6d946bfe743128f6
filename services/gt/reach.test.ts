import { expect, test } from "vitest";
import { TownError } from "#services/rpc/town-error.ts";
import { openReach } from "./reach.ts";

const places = [
  { address: "town:1", what: "the town at town:1" },
  { address: "unix:/a", what: "the rig-agent of vm-a" },
];

/** Asking around, where those named in `away` are away. */
function reachOf(away: Set<string>) {
  const notices: string[] = [];
  const reach = openReach<string>(
    {
      places: async () => places,
      connect: async ({ address }) => address,
      close: () => {},
      notice: (text) => void notices.push(text),
      signal: new AbortController().signal,
    },
    0,
  );
  const question = async (address: string): Promise<string> => {
    if (away.has(address)) throw new TownError("unavailable", address);
    return address;
  };
  return { notices, ask: () => reach.ask(question), reach };
}

test("a town that answers no is not taken for one that is away", async () => {
  const { reach, notices } = reachOf(new Set());
  const asked: string[] = [];
  const answer = reach.ask(async (address) => {
    asked.push(address);
    throw new TownError("unavailable", "the remote does not answer", { isAway: false });
  });
  await expect(answer).rejects.toThrow("the remote does not answer");
  expect(asked).toEqual(["town:1"]);
  expect(notices).toEqual([]);
});

test("who answers in the town's place is named once, and nobody where nobody does", async () => {
  const away = new Set(["town:1", "unix:/a"]);
  const { ask, notices } = reachOf(away);
  for (let times = 0; times < 3; times += 1) await expect(ask()).rejects.toThrow("town:1");
  expect(notices).toEqual([]);
  away.delete("unix:/a");
  expect([await ask(), await ask()]).toEqual(["unix:/a", "unix:/a"]);
  expect(notices).toEqual(["the town at town:1 does not answer; asking the rig-agent of vm-a"]);
});

test("what only the town can do is said by whoever answers in its place", async () => {
  const { reach } = reachOf(new Set());
  const asked = reach.ask(async (address) => {
    if (address === "town:1") throw new TownError("unavailable", "connection refused");
    const resource = { type: "town", name: "town" };
    throw new TownError("unavailable", "only the town does this", { resource, isAway: true });
  });
  await expect(asked).rejects.toThrow("only the town does this");
});
