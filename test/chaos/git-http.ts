import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { runGit } from "#services/git/run-git.ts";
import { type BackendAnswer, runBackend } from "./git-backend.ts";

/** What one request to the git server is about. */
export type GitCall = {
  /** `alpha` of `alpha.git`. */
  readonly repo: string;
  /** `refs` is the look at the refs that comes first. */
  readonly kind: "refs" | "fetch" | "push";
  /** The refs that a push moves; empty for the rest. */
  readonly refs: readonly string[];
  /** The address it came from, one per machine. */
  readonly from: string;
};

/** What is done to a request. */
export type GitFault =
  /** The connection is reset, as by a host that is not there. */
  | "away"
  /** 403, and nothing moves. */
  | "refuse"
  /** It is done, and the answer is lost. */
  | "lose-answer"
  /** The backend is killed with the refs prepared; their lock files stay. */
  | "kill-prepared"
  /** The same, after the first of the refs was moved. */
  | "kill-half-done";

/** Looks at each request before it is served; what it returns is done to it. */
export type GitHook = (call: GitCall) => GitFault | undefined | Promise<GitFault | undefined>;

/** One ref that a push moved, whatever its pusher was told. */
export type RefMove = {
  readonly atMs: number;
  readonly repo: string;
  readonly ref: string;
  /** Empty: it was not there. */
  readonly before: string;
  readonly after: string;
  readonly from: string;
  readonly isTorn: boolean;
  /** Whether `after` has `before` in its history, as the repository knew it then. */
  readonly isForward: boolean;
};

/** A smart HTTP server over the bare repositories of one folder. */
export type GitHttp = {
  readonly port: number;
  readonly url: (repo: string) => string;
  readonly dir: (repo: string) => string;
  /** Every ref that was found moved after a push, in order. */
  readonly moves: () => readonly RefMove[];
  /** One hook at a time; none puts everything right again. */
  readonly on: (hook?: GitHook) => void;
  readonly close: () => Promise<void>;
};

const host = "127.0.0.1";

/** Serve every `<repo>.git` in a folder, pushes too, to whoever asks. */
export async function serveGit(folder: string): Promise<GitHttp> {
  let hook: GitHook | undefined;
  const moves: RefMove[] = [];
  const ask: GitHook = (call) => hook?.(call);
  const server = createServer((request, response) => {
    serve({ folder, ask, moves }, request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 1_000;
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    port,
    url: (repo) => `http://${host}:${port}/${repo}.git`,
    dir: (repo) => join(folder, `${repo}.git`),
    moves: () => moves,
    on: (next) => {
      hook = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

type Serving = {
  readonly folder: string;
  readonly ask: GitHook;
  readonly moves: RefMove[];
};

async function serve(
  { folder, ask, moves }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://git.invalid");
  const [, repo = "", path = ""] = /^\/([\w.-]+)\.git(\/.*)$/.exec(url.pathname) ?? [];
  const body = Buffer.concat(await request.toArray());
  const call = { repo, from: request.socket.remoteAddress ?? "", ...readKind(path, body) };
  const fault = await ask(call);
  if (fault === "away") return void request.socket.resetAndDestroy();
  if (fault === "refuse") return void response.writeHead(403).end("refused for now\n");
  const dies = fault === "kill-prepared" || fault === "kill-half-done";
  const dir = join(folder, `${repo}.git`);
  const before = await readRefs(dir, call.refs);
  const answer = await runBackend({
    folder,
    repo,
    path: url.pathname,
    query: url.search.slice(1),
    request,
    body,
    dies: dies ? fault : undefined,
    refs: call.refs,
  });
  const after = await readRefs(dir, call.refs);
  const isTorn = dies;
  for (const ref of call.refs) {
    const [was = "", is = ""] = [before.get(ref), after.get(ref)];
    if (was === is) continue;
    const move = { repo, ref, before: was, after: is, from: call.from, isTorn };
    moves.push({ atMs: Date.now(), ...move, isForward: await follows(dir, was, is) });
  }
  if (fault === "lose-answer" || dies) request.socket.resetAndDestroy();
  else send(response, answer);
}

/** Where refs stand; one git for all of them, and none where there is nothing to be asked. */
async function readRefs(dir: string, refs: readonly string[]): Promise<Map<string, string>> {
  if (refs.length === 0) return new Map();
  const format = "--format=%(refname) %(objectname)";
  const { stdout } = await runGit(["for-each-ref", format, ...refs], { cwd: dir });
  const lines = stdout.split("\n").filter(Boolean);
  return new Map(lines.map((line) => line.split(" ") as [string, string]));
}

async function follows(dir: string, before: string, after: string): Promise<boolean> {
  if (before === "" || after === "") return before === "";
  const args = ["merge-base", "--is-ancestor", before, after];
  return (await runGit(args, { cwd: dir, okCodes: [0, 1] })).code === 0;
}

function send(response: ServerResponse, { status, headers, body }: BackendAnswer): void {
  response.writeHead(status, headers).end(body);
}

function readKind(path: string, body: Buffer): Pick<GitCall, "kind" | "refs"> {
  if (path === "/git-receive-pack") return { kind: "push", refs: refsOf(body) };
  if (path === "/git-upload-pack") return { kind: "fetch", refs: [] };
  return { kind: "refs", refs: [] };
}

/** The refs that a push asks to move, from its pkt-lines: `<length><old> <new> <ref>`. */
function refsOf(body: Buffer): string[] {
  const refs: string[] = [];
  let at = 0;
  while (at + 4 <= body.length) {
    const length = Number.parseInt(body.toString("latin1", at, at + 4), 16);
    if (!(length > 4)) break; // A flush: the pack comes next.
    const line = body.toString("utf8", at + 4, at + length);
    const ref = /^[0-9a-f]{40,64} [0-9a-f]{40,64} ([^\0\n]+)/.exec(line)?.[1];
    if (ref !== undefined) refs.push(ref);
    at += length;
  }
  return refs;
}
