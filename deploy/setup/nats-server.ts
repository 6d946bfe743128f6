import { execFile } from "node:child_process";
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "./set-up.mjs";

const run = promisify(execFile);

const downloadMsMax = 60_000;
const updateMsMax = 120_000;
const versionMsMax = 10_000;

/** A nats-server that was found and run once, or why there is none and how to get one. */
export type NatsServer = { readonly path: string; readonly version: string };
export type NoNatsServer = { readonly missing: string };

export type FindOptions = {
  /** Where a server is unpacked if the project's own folder cannot be written. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** Hears one line before anything is downloaded; stderr unless given. */
  readonly say?: (line: string) => void;
  /** Where an unpacked server is kept, `.gastown/toolchain` of the project unless given. */
  readonly cache?: string;
  readonly signal?: AbortSignal;
};

const howToGetOne =
  "No nats-server here. Get one from https://github.com/nats-io/nats-server/releases (or with\n" +
  "apt install nats-server, brew install nats-server), put it on the PATH or name it in\n" +
  "GT_NATS_SERVER, then run the command again.";

/**
 * The nats-server to use: `GT_NATS_SERVER`, the one on the PATH, the one that was unpacked before,
 * or Debian's package, unpacked without root. A `GT_NATS_SERVER` that does not run is an error.
 */
export async function findNatsServer(options: FindOptions): Promise<NatsServer | NoNatsServer> {
  const { env, signal } = options;
  const named = env["GT_NATS_SERVER"];
  if (named) {
    const server = await tryServer(named, signal);
    return server ?? { missing: `GT_NATS_SERVER is ${named}, which does not run as nats-server.` };
  }
  const onPath = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  const caches = [options.cache ?? join(projectRoot, ".gastown", "toolchain"), options.home];
  const candidates = [
    ...onPath.map((folder) => join(folder, "nats-server")),
    ...caches.map(unpackedServer),
  ];
  for (const path of candidates) {
    const server = await tryServer(path, signal);
    if (server) return server;
  }
  const failures: string[] = [];
  for (const cache of caches) {
    const got = await unpackDebianPackage(cache, options).catch(describe);
    if (typeof got !== "string") return got;
    failures.push(got);
  }
  return { missing: [howToGetOne, ...new Set(failures)].join("\n") };
}

function unpackedServer(cache: string): string {
  return join(cache, "nats-server", "usr", "sbin", "nats-server");
}

async function tryServer(path: string, signal?: AbortSignal): Promise<NatsServer | undefined> {
  try {
    await access(path, constants.X_OK);
    const limits = { timeout: versionMsMax, ...(signal && { signal }) };
    const { stdout } = await run(path, ["--version"], limits);
    const version = /v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
    return version === undefined ? undefined : { path, version };
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined;
  }
}

/** Unpack beside the final place, then rename: two processes at once do no harm. */
async function unpackDebianPackage(cache: string, options: FindOptions): Promise<NatsServer> {
  const say = options.say ?? ((line: string) => process.stderr.write(`${line}\n`));
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "nats-server."));
  try {
    say("gastown: fetching nats-server from Debian (apt-get download, no root needed)");
    await download(folder, options.signal);
    const deb = (await readdir(folder)).find((name) => name.endsWith(".deb"));
    if (deb === undefined) throw new Error("apt-get download brought no package");
    await bounded("dpkg-deb", ["-x", deb, "root"], folder, downloadMsMax, options.signal);
    await rename(join(folder, "root"), join(cache, "nats-server")).catch(async (error) => {
      if (!(await tryServer(unpackedServer(cache)))) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const server = await tryServer(unpackedServer(cache), options.signal);
  if (!server) throw new Error("Debian's nats-server does not run on this machine");
  return server;
}

/** Root may refresh missing package lists, once; anyone may download a package. */
async function download(folder: string, signal?: AbortSignal): Promise<void> {
  const args = ["-o", "APT::Sandbox::User=", "-q", "download", "nats-server"];
  try {
    await bounded("apt-get", args, folder, downloadMsMax, signal);
  } catch (error) {
    if (signal?.aborted || process.getuid?.() !== 0 || isMissingCommand(error)) throw error;
    await bounded("apt-get", ["-q", "update"], folder, updateMsMax, signal);
    await bounded("apt-get", args, folder, downloadMsMax, signal);
  }
}

async function bounded(
  command: string,
  args: readonly string[],
  cwd: string,
  timeout: number,
  signal?: AbortSignal,
): Promise<void> {
  await run(command, args, { cwd, timeout, ...(signal && { signal }) });
}

function isMissingCommand(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The first line of what failed; a machine without apt-get has nothing to add. */
function describe(error: unknown): string {
  if (error instanceof Error && error.name === "AbortError") throw error;
  if (isMissingCommand(error)) return "This machine has no apt-get, so it was not fetched.";
  const lines = String(error instanceof Error ? error.message : error).split("\n");
  return `Debian's package could not be had: ${lines.slice(0, 3).join("; ")}`;
}
