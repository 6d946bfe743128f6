import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { agentPerson } from "#services/identity/person.ts";
import { markerVariable } from "#services/runtime/process-tree.ts";
import { sessionPath } from "./places.ts";
import type { PolecatSession } from "./sessions.ts";

/** Where a machine's sessions find what is the same for all of them. */
export type Surroundings = {
  readonly home: string;
  /** The rig-agent's unix socket. */
  readonly socket: string;
  /** The `gt` program that its polecats run. */
  readonly gt: string;
  readonly inherited: NodeJS.ProcessEnv;
};

/** What a worker gets of the rig-agent's own environment; the rest may hold our credentials. */
const inheritedNames = new Set([
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  ...["NODE_COMPILE_CACHE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "NO_COLOR"],
]);
const inheritedPrefixes = ["npm_config_", "XDG_"];

/** The whole environment of a session's processes. */
export function sessionEnvironment(
  session: PolecatSession,
  around: Surroundings,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(around.inherited)) {
    const wanted = inheritedNames.has(name) || inheritedPrefixes.some((p) => name.startsWith(p));
    if (wanted && value !== undefined) kept[name] = value;
  }
  const dir = sessionPath(around.home, session.name);
  const person = agentPerson(session.agent);
  return {
    ...kept,
    PATH: `${join(dir, "bin")}:${kept["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"}`,
    [markerVariable]: dir,
    GT_SOCKET: around.socket,
    GT_TOKEN: session.token,
    GT_ROLE: "polecat",
    GT_AGENT: session.agent,
    GT_BEAD: session.beadId,
    GT_EPOCH: session.epoch,
    GT_RIG: session.rig,
    GT_WORKTREE: session.worktree,
    GIT_AUTHOR_NAME: person.name,
    GIT_AUTHOR_EMAIL: person.email,
    GIT_COMMITTER_NAME: person.name,
    GIT_COMMITTER_EMAIL: person.email,
    GIT_TERMINAL_PROMPT: "0",
    GIT_EDITOR: "true",
    NODE_COMPILE_CACHE: kept["NODE_COMPILE_CACHE"] ?? join(around.home, "compile-cache"),
  };
}

/** Put the `gt` command where a session's PATH looks first. */
export async function equip(session: PolecatSession, around: Surroundings): Promise<void> {
  const bin = join(sessionPath(around.home, session.name), "bin");
  await mkdir(bin, { recursive: true, mode: 0o700 });
  const program = `${quoted(process.execPath)} ${quoted(around.gt)}`;
  const lines = ["#!/bin/sh", `exec ${program} "$@"`, ""];
  const path = join(bin, "gt");
  await writeFile(path, lines.join("\n"));
  await chmod(path, 0o755);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
