import { hostname } from "node:os";
import { TownError } from "#services/rpc/town-error.ts";
import type { CommandPorts } from "../command/run.ts";
import { isFree, splitAddress } from "./port.ts";

/** Where a town answers unless told otherwise, so that whoever joins can know it beforehand. */
export const usualAddress = "127.0.0.1:7420";

/**
 * Where a town is to listen: as it was told; else where it was the last time, since others may know
 * it; else at the usual address. Where that is taken by now, at any free port, which is said.
 *
 * @param known the address of the last time, or empty
 * @throws TownError `unavailable` where the address that was asked for is in use
 */
export async function listenOn(
  wanted: string | undefined,
  known: string,
  say: CommandPorts["say"],
): Promise<string> {
  const address = wanted ?? (known || usualAddress);
  const { host, port } = splitAddress(address);
  if (port === 0 || (await isFree(host, port))) return address;
  if (wanted !== undefined) {
    throw new TownError("unavailable", `${address} is in use; choose another with --listen`);
  }
  const why = known === "" ? "where a town answers usually" : "where the town was";
  say(`gt: ${address}, ${why}, is in use; it takes another port`);
  return `${host}:0`;
}

/** An address that listens everywhere is called by the name of this host. */
export function calledFrom(address: string, name: string = hostname()): string {
  const { host, port } = splitAddress(address);
  return host === "0.0.0.0" || host === "[::]" ? `${name}:${port}` : address;
}
