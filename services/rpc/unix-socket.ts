import { chmod, lstat, mkdtemp, rename, rm } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join, resolve } from "node:path";
import { TownError } from "./town-error.ts";

/** What the kernel leaves for a path (`sun_path`), less its closing zero, on Linux and macOS. */
const pathBytesMax = process.platform === "linux" ? 107 : 103;

/**
 * Bind a unix socket that only its owner can open, in place of a stale one.
 *
 * It is bound in a private folder and then moved into place, so that at no moment anyone else can
 * connect. Fails with `state` where a live server answers at the path, or where it is no socket.
 *
 * @param bind binds the path that it is given
 * @returns removes the socket, unless another server has taken the path since
 */
export async function bindUnixSocket(
  path: string,
  bind: (path: string) => Promise<void>,
): Promise<() => Promise<void>> {
  const finalPath = resolve(path);
  await refuseUnlessFree(finalPath);
  const folder = await mkdtemp(`${dirname(finalPath)}/.`);
  try {
    const boundPath = join(folder, "s");
    refuseIfLong(boundPath);
    refuseIfLong(finalPath);
    await bind(boundPath);
    await chmod(boundPath, 0o600);
    const { ino } = await lstat(boundPath);
    await rename(boundPath, finalPath);
    return async () => {
      if ((await statOrNothing(finalPath))?.ino === ino) await rm(finalPath, { force: true });
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refuseIfLong(path: string): void {
  if (Buffer.byteLength(path) <= pathBytesMax) return;
  throw new TownError(
    "invalid",
    `the socket path ${path} is longer than ${pathBytesMax} bytes; choose a shorter home`,
  );
}

async function refuseUnlessFree(path: string): Promise<void> {
  const found = await statOrNothing(path);
  if (!found) return;
  if (!found.isSocket()) {
    throw new TownError("state", `${path} is there and is no socket; move it away`);
  }
  if (await answers(path)) {
    throw new TownError("state", `another server already answers at ${path}; stop it first`);
  }
}

async function statOrNothing(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether something accepts connections there. A path that is only left over refuses them. */
function answers(path: string): Promise<boolean> {
  const { promise, resolve: settle } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => settle(true));
  // Only these two say that nobody listens; a full queue, say, is somebody's.
  socket.once("error", ({ code }: NodeJS.ErrnoException) =>
    settle(code !== "ECONNREFUSED" && code !== "ENOENT"),
  );
  return promise.finally(() => socket.destroy());
}
