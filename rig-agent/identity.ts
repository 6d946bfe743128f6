import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";

const file = "identity";
const known = /^[0-9a-z]{16,64}$/;

/**
 * What tells this home from every other one, whatever its machine is called: made once, and kept in
 * a file of its own, so that it outlives what else of the home is moved away or written anew.
 *
 * @throws TownError `invalid` where the file holds something else
 */
export async function ownIdentity(home: string): Promise<string> {
  await mkdir(home, { recursive: true });
  const path = join(home, file);
  const found = (await readIdentity(path)) ?? (await makeIdentity(home, path));
  if (known.test(found)) return found;
  throw new TownError("invalid", `${path} holds no identity: restore it, or move it away`);
}

async function readIdentity(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Durable before anybody is told of it: a home that forgot it would be taken for another. */
async function makeIdentity(home: string, path: string): Promise<string> {
  const identity = randomBytes(16).toString("hex");
  const mine = `${path}.${identity}`;
  const written = await open(mine, "w");
  try {
    await written.writeFile(`${identity}\n`);
    await written.sync();
  } finally {
    await written.close();
  }
  try {
    await link(mine, path); // Of two starts in one home the first one names it.
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(mine, { force: true });
  }
  const folder = await open(home);
  await folder.sync().finally(() => folder.close());
  return (await readFile(path, "utf8")).trim();
}
