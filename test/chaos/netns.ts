import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const ip = (...args: string[]) => run("ip", args);

/** A network namespace with one cable to the host. */
export type Netns = {
  readonly name: string;
  /** The host's address at its end of the cable. */
  readonly host: string;
  /** Pull the cable: nothing answers any more, not even with a reset. */
  readonly pull: () => Promise<void>;
  readonly plug: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

/** Make one; `number` is unlike that of any other at the same time, 0 to 250. */
export async function openNetns(number: number): Promise<Netns> {
  const name = `gtchaos${process.pid}n${number}`;
  const [outer, inner] = [`gtc${number}o`, `gtc${number}i`];
  const [host, guest] = [`10.213.${number}.1`, `10.213.${number}.2`];
  await ip("netns", "add", name);
  try {
    await ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name);
    await ip("address", "add", `${host}/30`, "dev", outer);
    await ip("link", "set", outer, "up");
    await ip("-n", name, "address", "add", `${guest}/30`, "dev", inner);
    await ip("-n", name, "link", "set", inner, "up");
    await ip("-n", name, "link", "set", "lo", "up");
  } catch (error) {
    await ip("netns", "delete", name);
    throw error;
  }
  return {
    name,
    host,
    pull: async () => void (await ip("link", "set", outer, "down")),
    plug: async () => void (await ip("link", "set", outer, "up")),
    remove: async () => {
      await ip("link", "delete", outer).catch(() => {}); // It went with the namespace.
      await ip("netns", "delete", name);
    },
  };
}
