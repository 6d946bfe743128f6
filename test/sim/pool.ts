import { Worker } from "node:worker_threads";

/** What a pool of threads is made with. */
export type PoolOptions = {
  /** The module of a thread: it answers each job it is sent with one message. */
  readonly module: URL;
  /** How many threads. */
  readonly jobs: number;
  /** How many jobs a thread does before another takes its place: what it leaks goes with it. */
  readonly perThread?: number;
  /** How long one job may take, ms of real time. */
  readonly timeoutMs?: number;
};

/** What a thread sends back: what came of its job, or that it failed. */
export type Reply<R> = { readonly result: R } | { readonly failure: string };

/** The jobs of one pool, each on whatever thread is free. */
export class Pool<J, R> {
  readonly #options: PoolOptions;
  readonly #idle: Thread[] = [];
  readonly #waiting: ((thread: Thread) => void)[] = [];
  readonly #all = new Set<Thread>();

  constructor(options: PoolOptions) {
    this.#options = options;
    for (let count = 0; count < options.jobs; count += 1) this.#give(this.#open());
  }

  /** Do one job. A thread that dies or hangs is a failure of the job that it was at. */
  async run(job: J): Promise<Reply<R>> {
    const { timeoutMs = 120_000, perThread = 40 } = this.#options;
    const thread = await this.#take();
    const reply = await ask<J, R>(thread, job, timeoutMs);
    thread.done += 1;
    const isSpent = thread.isOver || thread.done >= perThread;
    if (isSpent) await this.#close(thread);
    this.#give(isSpent ? this.#open() : thread);
    return reply;
  }

  /** End all threads, whatever they are at. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((thread) => this.#close(thread)));
  }

  #open(): Thread {
    const thread = { worker: new Worker(this.#options.module), done: 0, isOver: false };
    this.#all.add(thread);
    return thread;
  }

  async #close(thread: Thread): Promise<void> {
    this.#all.delete(thread);
    await thread.worker.terminate();
  }

  #take(): Promise<Thread> {
    const thread = this.#idle.pop();
    if (thread) return Promise.resolve(thread);
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  #give(thread: Thread): void {
    const next = this.#waiting.shift();
    if (next) next(thread);
    else this.#idle.push(thread);
  }
}

type Thread = { readonly worker: Worker; done: number; isOver: boolean };

function ask<J, R>(thread: Thread, job: J, timeoutMs: number): Promise<Reply<R>> {
  const { worker } = thread;
  return new Promise((resolve) => {
    const end = (reply: Reply<R>, isOver: boolean) => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      // One that is ended while it fails again would otherwise take us with it.
      if (isOver) worker.on("error", () => {});
      thread.isOver = isOver;
      resolve(reply);
    };
    const fail = (failure: string) => end({ failure }, true);
    const onMessage = (reply: Reply<R>) => end(reply, false);
    const onError = (error: unknown) => {
      fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    };
    const onExit = (code: number) => fail(`its thread ended with ${code}`);
    const timer = setTimeout(() => fail(`not over after ${timeoutMs} ms`), timeoutMs);
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(job);
  });
}

/** Do jobs on a pool and hand out what came of them in the order of the jobs. */
export async function* inOrder<J, R>(
  pool: Pool<J, R>,
  jobs: Iterable<J>,
  aheadMax: number,
): AsyncGenerator<{ readonly job: J; readonly reply: Reply<R> }> {
  const under: { job: J; reply: Promise<Reply<R>> }[] = [];
  for (const job of jobs) {
    under.push({ job, reply: pool.run(job) });
    if (under.length < aheadMax) continue;
    const first = under.shift();
    if (first) yield { job: first.job, reply: await first.reply };
  }
  for (const { job, reply } of under) yield { job, reply: await reply };
}
