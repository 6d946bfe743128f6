import { expect, test, vi } from "vitest";
import { inOrder, Pool, type PoolOptions } from "./pool.ts";

vi.setConfig({ testTimeout: 60_000 });

type Job = { readonly act: string; readonly value?: number; readonly delayMs?: number };

function open(more: Partial<PoolOptions> = {}): Pool<Job, string> {
  const module = new URL("./echo-thread.mjs", import.meta.url);
  return new Pool({ module, jobs: 2, timeoutMs: 30_000, ...more });
}

test("what comes of jobs is handed out in their order, whichever is done first", async () => {
  const pool = open();
  const jobs = [30, 0, 20, 0, 10].map((delayMs, value) => ({ act: "say", value, delayMs }));
  const seen: unknown[] = [];
  for await (const { reply } of inOrder(pool, jobs, 4)) seen.push(reply);
  expect(seen).toEqual([0, 1, 2, 3, 4].map((value) => ({ result: `${value} on any` })));
  await pool.close();
});

test("a thread that dies, fails or hangs fails its job, and the next job has another", async () => {
  const pool = open({ jobs: 1, timeoutMs: 3_000 });
  await pool.run({ act: "say" }); // Up by now, however long that takes.
  expect(await pool.run({ act: "die" })).toEqual({ failure: "its thread ended with 3" });
  expect(await pool.run({ act: "throw" })).toMatchObject({
    failure: expect.stringContaining("cannot"),
  });
  expect(await pool.run({ act: "hang" })).toEqual({ failure: "not over after 3000 ms" });
  expect(await pool.run({ act: "say", value: 1 })).toEqual({ result: "1 on any" });
  await pool.close();
});

test("a thread is replaced after so many jobs", async () => {
  const pool = open({ jobs: 1, perThread: 2 });
  const threads: unknown[] = [];
  for (let value = 0; value < 4; value += 1) {
    const reply = await pool.run({ act: "where", value });
    threads.push("result" in reply ? reply.result.split(" on ")[1] : reply.failure);
  }
  expect(threads[0]).toBe(threads[1]);
  expect(threads[2]).toBe(threads[3]);
  expect(threads[0]).not.toBe(threads[2]);
  await pool.close();
});
