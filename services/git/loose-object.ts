import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { constants, deflate, inflate } from "node:zlib";

/** One object of a repository. */
export type GitObject = { readonly type: string; readonly bytes: Buffer };

/** The largest object that is read into memory. */
export const objectMaxBytes = 512 * 1024 * 1024;

const packed = promisify(deflate);
const unpacked = promisify(inflate);
const headerMaxBytes = 64;

/**
 * Read an object that has a file of its own, without a process. Undefined where it has none, or
 * one that cannot be read: git may have it in a pack, or knows best what to say of it.
 *
 * @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects, "Object Storage"
 */
export async function readLoose(dir: string, oid: string): Promise<GitObject | undefined> {
  try {
    const maxOutputLength = objectMaxBytes + headerMaxBytes;
    const all = await unpacked(await readFile(placeOf(dir, oid)), { maxOutputLength });
    const headerEnd = all.subarray(0, headerMaxBytes).indexOf(0);
    const header = /^([a-z]+) (\d+)$/.exec(all.toString("latin1", 0, Math.max(headerEnd, 0)));
    const bytes = all.subarray(headerEnd + 1);
    if (header?.[1] === undefined || Number(header[2]) !== bytes.length) return undefined;
    return { type: header[1], bytes };
  } catch {
    return undefined; // Packed, borrowed, damaged or too large: all of them git's to answer.
  }
}

/** The id of an object, by the hash that the repository's other ids are made with. */
export function objectId({ type, bytes }: { type: string; bytes: Uint8Array }, like: string) {
  const hash = createHash(like.length === 64 ? "sha256" : "sha1");
  return hash.update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Write an object as git does: whole and durable before it has its name. Returns its id. */
export async function writeLoose(
  dir: string,
  object: { readonly type: string; readonly bytes: Uint8Array },
  like: string,
): Promise<string> {
  const oid = objectId(object, like);
  const { type, bytes } = object;
  const header = Buffer.from(`${type} ${bytes.length}\0`, "latin1");
  const level = constants.Z_BEST_SPEED;
  const content = await packed(Buffer.concat([header, bytes]), { level });
  const place = placeOf(dir, oid);
  // Named as git's own, which sweeps up what a crash left of them.
  const draft = join(dirname(place), `tmp_obj_${randomBytes(6).toString("hex")}`);
  const file = await create(draft);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(draft, { force: true });
    throw error;
  }
  await file.close();
  await rename(draft, place);
  return oid;
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o444);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, "wx", 0o444);
  }
}

function placeOf(dir: string, oid: string): string {
  return join(dir, "objects", oid.slice(0, 2), oid.slice(2));
}
