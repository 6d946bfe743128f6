import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { TownError } from "#services/rpc/town-error.ts";
import { gitWords } from "./git-failure.ts";
import { type GitObject, objectMaxBytes, readLoose } from "./loose-object.ts";
import { signalGroup, startGit } from "./run-git.ts";
import { parseTree, type Tree } from "./tree-object.ts";

/** How objects are read. */
export type ReadOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Silence of git after which it is given up. */
  readonly timeoutMs?: number;
};

type Wanted = {
  readonly oid: string;
  readonly resolve: (object: GitObject) => void;
  readonly reject: (error: TownError) => void;
};

const timeoutMsDefault = 60_000;
const stderrMaxChars = 4_096;

/**
 * Reads the objects of one repository: those that have files of their own without a process, the
 * others through one git, which is started for the first of them and ends with `close`.
 *
 * A read fails with `not_found` where there is no such object, `unavailable` where git ended or
 * fell silent (the next read starts another), `exhausted` for one too large, `cancelled`.
 */
export class ObjectReader {
  readonly #dir: string;
  readonly #options: ReadOptions;
  #git: BatchGit | undefined;

  constructor(dir: string, options: ReadOptions = {}) {
    this.#dir = dir;
    this.#options = options;
  }

  async read(oid: string): Promise<GitObject> {
    const { signal } = this.#options;
    if (signal?.aborted) throw new TownError("cancelled", `reading ${oid}: cancelled`);
    const loose = await readLoose(this.#dir, oid);
    if (loose) return loose;
    if (signal?.aborted) throw new TownError("cancelled", `reading ${oid}: cancelled`);
    if (!this.#git || this.#git.isOver) this.#git = new BatchGit(this.#dir, this.#options);
    return this.#git.ask(oid);
  }

  async readTree(oid: string): Promise<Tree> {
    return parseTree(await this.#readAs("tree", oid), oid);
  }

  /** The tree and the parents of a commit. */
  async readCommit(oid: string): Promise<{ tree: string; parents: string[] }> {
    const text = (await this.#readAs("commit", oid)).toString("latin1");
    const header = /^tree ([0-9a-f]+)\n((?:parent [0-9a-f]+\n)*)/.exec(text);
    if (header?.[1] === undefined) throw new TownError("invalid", `${oid} is no commit`);
    return { tree: header[1], parents: header[2]?.match(/[0-9a-f]{40,64}/g) ?? [] };
  }

  async close(): Promise<void> {
    await this.#git?.close();
  }

  async #readAs(type: string, oid: string): Promise<Buffer> {
    const object = await this.read(oid);
    if (object.type !== type) throw new TownError("invalid", `${oid} is no ${type}`);
    return object.bytes;
  }
}

/** Read objects for as long as `work` lasts. */
export async function withReader<T>(
  dir: string,
  options: ReadOptions,
  work: (reader: ObjectReader) => Promise<T>,
): Promise<T> {
  const reader = new ObjectReader(dir, options);
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

/** One running `git cat-file --batch`, asked many things at once and answering in their order. */
class BatchGit {
  isOver = false;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  readonly #wanted: Wanted[] = [];
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #chunks: Buffer[] = [];
  #haveBytes = 0;
  /** How many bytes are needed before looking again is of use. */
  #needBytes = 0;
  #said = "";

  constructor(dir: string, { signal, timeoutMs = timeoutMsDefault }: ReadOptions) {
    this.#timeoutMs = timeoutMs;
    const child = startGit(["cat-file", "--batch"], { cwd: dir });
    this.#child = child;
    this.#closed = once(child, "close").catch(() => {}); // Its "error" is listened to below.
    child.stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString("utf8")).slice(-stderrMaxChars);
    });
    child.stdin.on("error", () => {}); // Git has ended, which "close" tells.
    const onAbort = () => this.#stop("cancelled", "cancelled");
    signal?.addEventListener("abort", onAbort, { once: true });
    const onOver = (why: string) => {
      signal?.removeEventListener("abort", onAbort);
      this.#stop("unavailable", why);
    };
    child.on("error", (cause) => onOver(`git cannot be started: ${cause.message}`));
    child.on("close", () => onOver(`git ended amid its answers. ${gitWords(this.#said)}`.trim()));
  }

  ask(oid: string): Promise<GitObject> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ oid, resolve, reject });
      if (this.#wanted.length === 1) this.#watch();
      this.#child.stdin.write(`${oid}\n`);
    });
  }

  async close(): Promise<void> {
    this.#stop("cancelled", "the reader was closed");
    await this.#closed;
  }

  #take(chunk: Buffer): void {
    this.#watch();
    this.#chunks.push(chunk);
    this.#haveBytes += chunk.length;
    while (!this.isOver && this.#haveBytes >= Math.max(this.#needBytes, 1)) {
      const all = Buffer.concat(this.#chunks);
      const used = this.#answer(all);
      const rest = all.subarray(used);
      this.#chunks = [rest];
      this.#haveBytes = rest.length;
      if (used === 0) return;
    }
  }

  /** Answer the first who waits, if `all` begins with a whole answer; returns its bytes. */
  #answer(all: Buffer): number {
    const headerEnd = all.indexOf(0x0a);
    this.#needBytes = all.length + 1;
    if (headerEnd < 0) return 0;
    const header = all.toString("latin1", 0, headerEnd);
    const [first, type = "", size = ""] = header.split(" ");
    const wanted = this.#wanted[0];
    if (wanted === undefined || first !== wanted.oid) {
      this.#stop("unavailable", `git answered what nobody asked: ${header.slice(0, 100)}`);
      return 0;
    }
    let end = headerEnd + 1;
    if (/^\d+$/.test(size)) {
      if (Number(size) > objectMaxBytes) {
        this.#stop("exhausted", `${wanted.oid} is too large, ${size} bytes`);
        return 0;
      }
      end += Number(size) + 1;
      this.#needBytes = end;
      if (all.length < end) return 0;
      wanted.resolve({ type, bytes: all.subarray(headerEnd + 1, end - 1) });
    } else {
      wanted.reject(new TownError("not_found", `there is no object ${wanted.oid} (${type})`));
    }
    this.#needBytes = 0;
    this.#wanted.shift();
    this.#watch();
    return end;
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.isOver || this.#wanted.length === 0) return;
    const why = `git did not answer within ${this.#timeoutMs} ms`;
    this.#timer = setTimeout(() => this.#stop("unavailable", why), this.#timeoutMs);
  }

  #stop(reason: TownError["reason"], why: string): void {
    clearTimeout(this.#timer);
    if (this.isOver) return;
    this.isOver = true;
    for (const { oid, reject } of this.#wanted.splice(0)) {
      reject(new TownError(reason, `reading ${oid}: ${why}`));
    }
    // It only reads, so nothing is left half done.
    signalGroup(this.#child, "SIGKILL");
  }
}
