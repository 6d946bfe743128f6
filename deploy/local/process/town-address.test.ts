import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { calledFrom, listenOn } from "./town-address.ts";

async function takenAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

test("a town goes on where it was, and says when that is taken", async () => {
  const taken = await takenAddress();
  const said: string[] = [];
  expect(await listenOn(undefined, taken, (line) => said.push(line))).toBe("127.0.0.1:0");
  expect(said).toEqual([`gt: ${taken}, where the town was, is in use; it takes another port`]);
});

test("an address that was asked for is taken, or refused", async () => {
  const taken = await takenAddress();
  await expect(listenOn(taken, "", () => {})).rejects.toThrow(`${taken} is in use`);
  expect(await listenOn("127.0.0.1:0", taken, () => {})).toBe("127.0.0.1:0");
});

test("an address that listens everywhere is called by the host's name", () => {
  expect(calledFrom("0.0.0.0:7420", "vm-a")).toBe("vm-a:7420");
  expect(calledFrom("127.0.0.1:7420", "vm-a")).toBe("127.0.0.1:7420");
});
