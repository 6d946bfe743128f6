import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openProxy, type TcpProxy } from "./tcp-proxy.ts";

/** A server that says everything back, a link to it, and what the server heard. */
async function echo(): Promise<{ link: TcpProxy; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (text: string) => {
      heard.push(text);
      socket.write(text);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const link = await openProxy({ host: "127.0.0.1", port });
  onTestFinished(async () => {
    await link.close();
    server.close();
  });
  return { link, heard };
}

async function dial(link: TcpProxy): Promise<Socket> {
  const socket = connect({ host: link.host, port: link.port }).setEncoding("utf8");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Unlike `once`, no error on the way there counts. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

async function says(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, "data");
  socket.write(text);
  const [said] = await answer;
  return said as string;
}

test("it carries both ways, and a cut resets what is there and what comes", async () => {
  const { link } = await echo();
  const socket = await dial(link);
  expect(await says(socket, "a")).toBe("a");
  const closed = closing(socket);
  link.cut();
  await closed;
  const refused = connect({ host: link.host, port: link.port });
  const [error] = await once(refused, "error");
  expect(error).toMatchObject({ code: "ECONNRESET" });
  link.heal();
  expect(await says(await dial(link), "b")).toBe("b");
});

test("a reset ends what is there and lets new connections through", async () => {
  const { link } = await echo();
  const socket = await dial(link);
  await says(socket, "a");
  const closed = closing(socket);
  link.reset();
  await closed;
  expect(await says(await dial(link), "b")).toBe("b");
  expect(link.connections()).toBe(1);
});

test.for(["up", "down", "both"] as const)(
  "a hole %s keeps the connection and heals",
  async (way) => {
    const { link, heard } = await echo();
    const socket = await dial(link);
    await says(socket, "a");
    link.hole(way);
    const late = await dial(link); // It is taken, as by a host whose answers get lost.
    const answers: string[] = [];
    for (const each of [socket, late]) each.on("data", (text: string) => answers.push(text));
    socket.write("b");
    late.write("c");
    const other = await echo(); // A round trip elsewhere is longer than one that was let through.
    for (const text of ["1", "2", "3"]) await says(await dial(other.link), text);
    expect(heard.includes("b")).toBe(way === "down");
    expect(answers).toEqual([]);
    const both = Promise.all([once(socket, "data"), once(late, "data")]);
    link.heal();
    await both;
    expect(answers.toSorted()).toEqual(["b", "c"]);
  },
);

test("a delay keeps the order, and a flapping link ends healed", async () => {
  const { link, heard } = await echo();
  const socket = await dial(link);
  link.delay(60);
  const startMs = performance.now();
  expect(await says(socket, "a")).toBe("a");
  expect(performance.now() - startMs).toBeGreaterThan(100);
  expect(heard).toEqual(["a"]);
  await link.flap(3, 5, AbortSignal.timeout(5_000));
  expect(await says(await dial(link), "b")).toBe("b");
});
