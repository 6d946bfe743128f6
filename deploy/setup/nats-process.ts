import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { TownError } from "#services/rpc/town-error.ts";
import { natsConfig } from "./nats-config.ts";
import type { NatsServer } from "./nats-server.ts";

const readyMsMax = 15_000;
const stopMsMax = 5_000;
const pollMs = 10;

export type StartOptions = NatsServer & {
  /** Holds the configuration and the log, `nats.conf` and `nats.log`. */
  readonly home: string;
  readonly storeDir: string;
  /** A free one unless given. */
  readonly port?: number;
  /** Stops the server when raised. */
  readonly signal?: AbortSignal;
  /** Appended to the configuration as it stands. */
  readonly extraConfig?: string;
  /** The server outlives this process. */
  readonly detached?: boolean;
};

/** A running nats-server. */
export type NatsProcess = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Settles when the process is gone, however that came about. */
  readonly exited: Promise<void>;
  /** Ask it to end, with force after 5 s; safe to call twice. */
  readonly stop: () => Promise<void>;
  /** SIGKILL, as a lost machine would look. */
  readonly kill: () => Promise<void>;
};

/**
 * Start a nats-server with JetStream and wait until it takes connections.
 * Fails as `unavailable`, with the end of its log, if it does not: a port in use, say.
 */
export async function startNatsServer(options: StartOptions): Promise<NatsProcess> {
  const { path, version, home, storeDir, port = -1, signal, extraConfig = "" } = options;
  signal?.throwIfAborted();
  await mkdir(storeDir, { recursive: true });
  await mkdir(home, { recursive: true });
  const logFile = join(home, "nats.log");
  const configFile = join(home, "nats.conf");
  const portsDir = join(home, "nats-ports");
  await rm(logFile, { force: true });
  await rm(portsDir, { recursive: true, force: true }); // A container may give the same pid again.
  await mkdir(portsDir);
  const settings = { version, port, portsDir, storeDir, logFile, extraConfig };
  await writeFile(configFile, natsConfig(settings));
  const detached = options.detached ?? false;
  const child = spawn(path, ["-c", configFile], { cwd: home, stdio: "ignore", detached });
  const exited = exitOf(child);
  const stop = () => end(child, exited);
  try {
    const url = await ready(child, portsDir, signal);
    const onAbort = () => void stop();
    signal?.addEventListener("abort", onAbort, { once: true });
    void exited.then(() => signal?.removeEventListener("abort", onAbort));
    if (detached) child.unref();
    const kill = () => {
      child.kill("SIGKILL");
      return exited;
    };
    return { url, port: Number(new URL(url).port), pid: child.pid ?? 0, exited, stop, kill };
  } catch (error) {
    await stop();
    signal?.throwIfAborted();
    throw new TownError("unavailable", await whyNot(path, logFile), { cause: error });
  }
}

/** The URL the server writes down once it listens; a file, because a pipe would not outlive us. */
async function ready(child: ChildProcess, portsDir: string, signal?: AbortSignal): Promise<string> {
  const deadlineMs = performance.now() + readyMsMax;
  const portsFile = join(portsDir, `nats-server_${child.pid}.ports`);
  while (performance.now() < deadlineMs) {
    if (isGone(child)) throw new Error("nats-server ended while it started");
    const url = firstUrl(await readFile(portsFile, "utf8").catch(() => ""));
    if (url !== undefined) return url;
    await wait(pollMs, undefined, { ...(signal && { signal }) });
  }
  throw new Error(`nats-server was not ready after ${readyMsMax} ms`);
}

/** The first client URL in a ports file, or nothing while the file is absent or half written. */
function firstUrl(text: string): string | undefined {
  return text.endsWith("}") ? /"nats":\["([^"]+)"/.exec(text)?.[1] : undefined;
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve()); // It never started; `ready` sees that.
  });
}

function isGone(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (isGone(child)) return;
  child.kill("SIGTERM");
  const patience = new AbortController();
  const force = wait(stopMsMax, undefined, { signal: patience.signal, ref: false }).then(
    () => child.kill("SIGKILL"),
    () => false, // It ended in time.
  );
  await exited;
  patience.abort();
  await force;
}

async function whyNot(path: string, logFile: string): Promise<string> {
  const log = await readFile(logFile, "utf8").catch(() => "");
  const fatal = log.split("\n").filter((line) => /\[(FTL|ERR)\]/.test(line));
  const words = fatal.at(-1)?.replace(/^.*\[(FTL|ERR)\] */, "");
  return `${path} did not start: ${words ?? "it said nothing"} (log: ${logFile})`;
}
