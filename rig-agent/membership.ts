import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { wireTrouble } from "#services/config/negotiate.ts";
import { version, wireVersion } from "#services/config/version.ts";
import { derivedBase36 } from "#services/ledger/ids.ts";
import { connectRpc } from "#services/rpc/client.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import type { RigAgentConfig } from "./config.ts";
import { ownIdentity } from "./identity.ts";

const membershipVersion = 1;

/** What a machine knows of its town, kept so that it starts again with the town away. */
const Membership = z.object({
  version: z.literal(membershipVersion),
  machine: z.string(),
  town: z.string(),
  natsUrl: z.string(),
  ledgerRemote: z.string(),
  /** Where the local API listens. */
  socket: z.string(),
});
type Kept = z.infer<typeof Membership>;
export type Membership = Kept & {
  /** What tells this home from others that may have its machine's name. */
  readonly identity: string;
  /** Whether the town let this home in just now; else it goes on as what it was. */
  readonly isLetIn: boolean;
};

/** Longer paths cannot be bound as unix sockets. */
const socketPathMaxBytes = 100;

/**
 * Join the town, or go on as the member that this home already is when the town does not answer.
 *
 * @throws TownError `unavailable` where the town does not answer and never did; `invalid` where the
 * home
 *   is another machine's or of another version; `state` where the town speaks a wire version that
 *   this machine does not, or knows another home by this machine's name
 */
export async function becomeMember(config: RigAgentConfig): Promise<Membership> {
  await mkdir(config.home, { recursive: true });
  const path = join(config.home, "machine.json");
  const known = await readMembership(path);
  if (known && known.machine !== config.machine) {
    const message = `${config.home} is the home of machine ${known.machine}, not ${config.machine}`;
    throw new TownError("invalid", `${message}: use another home`);
  }
  const identity = await ownIdentity(config.home);
  const { told, isLetIn } = await askTown(config, known, identity);
  const kept: Kept = {
    version: membershipVersion,
    machine: config.machine,
    ...told,
    socket: socketPath(config.home),
  };
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, `${JSON.stringify(kept, undefined, 2)}\n`);
  await rename(partial, path);
  return { ...kept, identity, isLetIn };
}

type Told = Pick<Membership, "town" | "natsUrl" | "ledgerRemote">;
type Answer = { readonly told: Told; readonly isLetIn: boolean };

async function askTown(
  config: RigAgentConfig,
  known: Kept | undefined,
  identity: string,
): Promise<Answer> {
  const { townAddress: address, machine, polecatsMax, rigs } = config;
  if (address === undefined) {
    if (known) return { told: pick(known), isLetIn: false };
    throw new TownError(
      "invalid",
      "this machine has not joined yet: give --town-address host:port",
    );
  }
  const rpc = connectRpc({ address, principal: `machines/${machine}` });
  try {
    const request = { machine, polecatsMax, rigs, version, wireVersion, identity };
    const answer = await rpc.client(FleetService).joinTown(request);
    const trouble = wireTrouble({ town: answer.wireVersion, machine: wireVersion });
    if (trouble !== undefined) throw new TownError("state", `${machine} cannot join: ${trouble}`);
    const told = pick(answer);
    return { told: { ...told, natsUrl: busUrl(told.natsUrl, address) }, isLetIn: true };
  } catch (error) {
    if (known && isTownError(error, "unavailable", "timeout")) {
      return { told: pick(known), isLetIn: false };
    }
    throw error;
  } finally {
    rpc.close();
  }
}

/** A bus that listens on every address of its host is reached by the one that its town has. */
export function busUrl(natsUrl: string, townAddress: string): string {
  const [, port] = /^nats:\/\/(?:0\.0\.0\.0|\[::\]):(\d+)$/.exec(natsUrl) ?? [];
  if (port === undefined) return natsUrl;
  return `nats://${townAddress.slice(0, townAddress.lastIndexOf(":"))}:${port}`;
}

function pick({ town, natsUrl, ledgerRemote }: Told): Told {
  return { town, natsUrl, ledgerRemote };
}

/** In the home, or where that path is too long for a socket in a folder of the system's. */
export function socketPath(home: string): string {
  const path = join(home, "agent.sock");
  if (Buffer.byteLength(path) <= socketPathMaxBytes) return path;
  return join(tmpdir(), `gastown-${derivedBase36(12, "socket", home)}`, "agent.sock");
}

async function readMembership(path: string): Promise<Kept | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const json = parseJson(text);
  const read = Membership.safeParse(json);
  if (read.success) return read.data;
  const { version: found } = z.looseObject({ version: z.unknown() }).safeParse(json).data ?? {};
  if (found !== undefined && found !== membershipVersion) {
    const known = `is of version ${JSON.stringify(found)}, and this Gas Town knows`;
    const remedy = "use the Gas Town that made it, or another home";
    throw new TownError("invalid", `${path} ${known} ${membershipVersion}: ${remedy}`);
  }
  const what = json === undefined ? "it is not JSON" : z.prettifyError(read.error);
  const remedy = "move it away and join again; the journal beside it keeps what was written";
  throw new TownError("invalid", `${path} cannot be read: ${what}; ${remedy}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
