import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

/** One request, as git's own CGI program is to answer it. */
export type BackendRun = {
  readonly folder: string;
  readonly repo: string;
  readonly path: string;
  readonly query: string;
  readonly request: IncomingMessage;
  readonly body: Buffer;
  /** How the backend is killed in the middle of this push. */
  readonly dies: "kill-prepared" | "kill-half-done" | undefined;
  readonly refs: readonly string[];
};

/** What goes back over HTTP. */
export type BackendAnswer = {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
};

/** Marks a repository whose next push dies with its refs prepared. */
const deathFile = "chaos-kill";

/** Git calls it with every ref locked and written, and nothing moved yet. */
const deathHook = `#!/bin/sh
[ "$1" = prepared ] && [ -e ${deathFile} ] || exit 0
rm ${deathFile}
kill -9 "$PPID"
`;

/** Run `git http-backend` once. A push that shall die leaves its lock files, as power loss does. */
export async function runBackend(run: BackendRun): Promise<BackendAnswer> {
  const repoDir = join(run.folder, `${run.repo}.git`);
  if (run.dies) await prepareDeath(repoDir);
  const child = spawn("git", ["http-backend"], {
    cwd: run.folder,
    env: environment(run),
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => {}); // It ended before it had read everything.
  child.stdin.end(run.body);
  const [out] = await Promise.all([buffer(child.stdout), ended(child)]);
  if (run.dies) await endDeath(repoDir, run);
  return readAnswer(out);
}

/** Remove the locks that a killed push left, as whoever looks after the remote would. */
export async function clearRemoteLocks(repoDir: string): Promise<string[]> {
  const names = await readdir(repoDir, { recursive: true });
  const locks = names.filter((name) => name.endsWith(".lock"));
  for (const name of locks) await rm(join(repoDir, name), { force: true });
  return locks;
}

async function prepareDeath(repoDir: string): Promise<void> {
  const hook = join(repoDir, "hooks", "reference-transaction");
  await mkdir(join(repoDir, "hooks"), { recursive: true });
  await writeFile(hook, deathHook);
  await chmod(hook, 0o755);
  await writeFile(join(repoDir, deathFile), "");
}

/** Git moves prepared refs one by one by renaming their lock files; half done is one of them. */
async function endDeath(repoDir: string, { dies, refs }: BackendRun): Promise<void> {
  await rm(join(repoDir, "hooks", "reference-transaction"), { force: true });
  await rm(join(repoDir, deathFile), { force: true });
  const [first] = refs;
  if (dies !== "kill-half-done" || first === undefined) return;
  const lock = join(repoDir, `${first}.lock`);
  if (existsSync(lock)) renameSync(lock, join(repoDir, first));
}

function environment({ folder, path, query, request, body }: BackendRun): NodeJS.ProcessEnv {
  const { headers, method = "GET" } = request;
  const protocol = headers["git-protocol"];
  const encoding = headers["content-encoding"];
  return {
    PATH: process.env["PATH"],
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_PROJECT_ROOT: folder,
    GIT_HTTP_EXPORT_ALL: "1",
    REMOTE_USER: "chaos",
    REMOTE_ADDR: "127.0.0.1",
    REQUEST_METHOD: method,
    PATH_INFO: path,
    QUERY_STRING: query,
    CONTENT_TYPE: headers["content-type"] ?? "",
    CONTENT_LENGTH: String(body.length),
    ...(protocol !== undefined && { GIT_PROTOCOL: String(protocol) }),
    ...(encoding !== undefined && { HTTP_CONTENT_ENCODING: encoding }),
  };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
}

function readAnswer(out: Buffer): BackendAnswer {
  const end = out.indexOf("\r\n\r\n");
  if (end < 0) return { status: 500, headers: {}, body: Buffer.alloc(0) };
  const lines = out.toString("latin1", 0, end).split("\r\n");
  const headers: OutgoingHttpHeaders = {};
  let status = 200;
  for (const line of lines) {
    const [name = "", value = ""] = line.split(/: */, 2);
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers, body: out.subarray(end + 4) };
}
