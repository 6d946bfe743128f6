import { join } from "node:path";
import { type NatsProcess, startNatsServer } from "../../deploy/setup/nats-process.ts";
import { findNatsServer } from "../../deploy/setup/nats-server.ts";

/** A real nats-server for one benchmark; fails with how to get one where there is none. */
export async function startBenchNats(dir: string, port?: number): Promise<NatsProcess> {
  const found = await findNatsServer({ home: dir, env: process.env });
  if (!("path" in found)) throw new Error(found.missing);
  const home = join(dir, "nats");
  const place = { home, storeDir: join(home, "store"), ...(port !== undefined && { port }) };
  return startNatsServer({ ...found, ...place });
}
