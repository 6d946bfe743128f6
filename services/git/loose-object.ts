import { createHash, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { constants, deflate, deflateSync, inflate, inflateSync } from "node:zlib";

/** One object of a repository. */
export type GitObject = { readonly type: string; readonly bytes: Buffer };

/** One to be written. */
export type NewObject = { readonly type: string; readonly bytes: Uint8Array };

/** The largest object that is read into memory. */
export const objectMaxBytes = 512 * 1024 * 1024;

const packed = promisify(deflate);
const unpacked = promisify(inflate);
const headerMaxBytes = 64;
const smallBytes = 16 * 1024;
const smallUnpackedBytes = 256 * 1024;

/**
 * Read an object that has a file of its own, without a process. Undefined where it has none, or
 * one that cannot be read: git may have it in a pack, or knows best what to say of it.
 *
 * @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects, "Object Storage"
 */
export async function readLoose(dir: string, oid: string): Promise<GitObject | undefined> {
  try {
    return asObject(await unpackFile(placeOf(dir, oid)));
  } catch {
    return undefined; // Packed, borrowed, damaged or too large: all of them git's to answer.
  }
}

/**
 * Trees and commits are small, and one leads to the next: at once they are read in less time than
 * it takes to ask another thread.
 */
async function unpackFile(path: string): Promise<Buffer> {
  if (statSync(path).size <= smallBytes) {
    const content = readFileSync(path);
    try {
      return inflateSync(content, { maxOutputLength: smallUnpackedBytes });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw error;
    }
  }
  const maxOutputLength = objectMaxBytes + headerMaxBytes;
  return unpacked(await readFile(path), { maxOutputLength });
}

function asObject(all: Buffer): GitObject | undefined {
  const headerEnd = all.subarray(0, headerMaxBytes).indexOf(0);
  const header = /^([a-z]+) (\d+)$/.exec(all.toString("latin1", 0, Math.max(headerEnd, 0)));
  const bytes = all.subarray(headerEnd + 1);
  if (header?.[1] === undefined || Number(header[2]) !== bytes.length) return undefined;
  return { type: header[1], bytes };
}

/** The id of an object, by the hash that the repository's other ids are made with. */
export function objectId({ type, bytes }: NewObject, like: string): string {
  const hash = createHash(like.length === 64 ? "sha256" : "sha1");
  return hash.update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
}

/**
 * Write objects as git does: each whole and durable before it has its name.
 *
 * All are written before the first is synced: a disk makes many durable at the cost of one.
 *
 * @param like an id of the same repository
 * @returns their ids
 */
export async function writeLoose(
  dir: string,
  objects: readonly NewObject[],
  like: string,
): Promise<string[]> {
  const oids = objects.map((object) => objectId(object, like));
  const drafts: Draft[] = [];
  try {
    await all(
      objects.map((object, index) => draft(placeOf(dir, oids[index] ?? ""), object, drafts)),
    );
    await all(drafts.map(({ file }) => file.sync()));
    await all(drafts.map(({ file }) => file.close()));
    await all(drafts.map(({ path, place }) => rename(path, place)));
  } catch (error) {
    await all(drafts.map(({ file }) => file.close()));
    await all(drafts.map(({ path }) => rm(path, { force: true })));
    throw error;
  }
  return oids;
}

/** An object's file before it has its name. */
type Draft = { readonly path: string; readonly place: string; readonly file: FileHandle };

async function draft(place: string, { type, bytes }: NewObject, drafts: Draft[]): Promise<void> {
  const header = Buffer.from(`${type} ${bytes.length}\0`, "latin1");
  const level = constants.Z_BEST_SPEED;
  const whole = Buffer.concat([header, bytes]);
  const isSmall = whole.length <= smallBytes;
  const content = isSmall ? deflateSync(whole, { level }) : await packed(whole, { level });
  // Named as git's own, which sweeps up what a crash left of them.
  const path = join(dirname(place), `tmp_obj_${randomBytes(6).toString("hex")}`);
  const file = await create(path);
  drafts.push({ path, place, file });
  await file.writeFile(content);
}

/** Wait for all, also where one failed: nothing is under way any more when it is told of. */
async function all(works: readonly Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(works);
  const failed = ended.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
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
