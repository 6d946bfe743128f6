import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openRepository, townErrors } from "./open-repository.ts";
import { gitSpawns, runGit, runGitBytes } from "./run-git.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "gt-run-git-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

test("an inherited GIT_DIR does not reach git, neither ours nor simple-git's", async () => {
  await runGit(["init", "--quiet", "ours"], { cwd: dir });
  await runGit(["init", "--quiet", "theirs"], { cwd: dir });
  vi.stubEnv("GIT_DIR", join(dir, "theirs", ".git"));
  vi.stubEnv("GIT_INDEX_FILE", join(dir, "theirs", "index"));
  const ours = join(dir, "ours");
  const { stdout } = await runGit(["rev-parse", "--absolute-git-dir"], { cwd: ours });
  expect(stdout.trim()).toBe(join(ours, ".git"));
  expect(await openRepository(ours).revparse(["--absolute-git-dir"])).toBe(join(ours, ".git"));
});

test("an expected exit code is an answer, another one a failure naming the command", async () => {
  await runGit(["init", "--quiet"], { cwd: dir });
  const verify = ["rev-parse", "--verify", "--quiet", "refs/heads/nope"];
  expect((await runGit(verify, { cwd: dir, okCodes: [0, 1] })).code).toBe(1);
  await expect(runGit(["rev-parse", "--verify", "nope"], { cwd: dir })).rejects.toMatchObject({
    reason: "not_found",
    message: expect.stringContaining("git rev-parse --verify nope"),
  });
});

test("input, bytes, extra variables and the counter", async () => {
  const before = gitSpawns();
  await runGit(["init", "--quiet"], { cwd: dir });
  const bytes = new Uint8Array([0, 255, 10]);
  const written = await runGit(["hash-object", "-w", "--stdin"], { cwd: dir, input: bytes });
  const read = await runGitBytes(["cat-file", "blob", written.stdout.trim()], { cwd: dir });
  expect([...read.stdout]).toEqual([0, 255, 10]);
  const env = { GIT_AUTHOR_NAME: "nux", GIT_AUTHOR_EMAIL: "nux@rig.invalid" };
  const ident = await runGit(["var", "GIT_AUTHOR_IDENT"], { cwd: dir, env });
  expect(ident.stdout).toContain("nux <nux@rig.invalid>");
  expect(gitSpawns() - before).toBe(4);
});

test("a folder that is missing or no repository is not_found", async () => {
  const missing = runGit(["status"], { cwd: join(dir, "gone") });
  await expect(missing).rejects.toMatchObject({ reason: "not_found" });
  const plain = runGit(["status"], { cwd: dir });
  await expect(plain).rejects.toMatchObject({ reason: "not_found" });
  const simple = townErrors(openRepository(dir).log());
  await expect(simple).rejects.toMatchObject({ name: "TownError", reason: "not_found" });
});

test("too much output is refused", async () => {
  const run = runGit(["help", "-a"], { cwd: dir, outputMaxBytes: 10 });
  await expect(run).rejects.toMatchObject({ reason: "exhausted" });
});

test("a remote that accepts and never answers is unavailable within the timeout", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const started = Date.now();
  const url = `http://someone:s3cret@127.0.0.1:${port}/x.git`;
  const asked = runGit(["ls-remote", url], { cwd: dir, timeoutMs: 300 });
  const failure = await asked.catch((error: Error) => error);
  expect(failure).toMatchObject({ reason: "unavailable" });
  expect((failure as Error).message).toContain(`127.0.0.1:${port}`);
  expect((failure as Error).message).not.toContain("s3cret");
  expect(Date.now() - started).toBeLessThan(3_000);
  server.close();
});

test("a remote that refuses connections is unavailable at once", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const asked = runGit(["ls-remote", `git://127.0.0.1:${port}/x.git`], { cwd: dir });
  await expect(asked).rejects.toMatchObject({ reason: "unavailable" });
});

test("a timeout ends git and what git started", async () => {
  await runGit(["init", "--quiet"], { cwd: dir });
  // The sleeper holds git's stdout, so the answer can only come early if it was ended too.
  const alias = "alias.wait=!sleep 30 & sleep 30";
  const started = Date.now();
  const waiting = runGit(["-c", alias, "wait"], { cwd: dir, timeoutMs: 300 });
  await expect(waiting).rejects.toMatchObject({ reason: "unavailable" });
  expect(Date.now() - started).toBeLessThan(10_000);
});

test("a signal ends git; one raised before keeps it from starting", async () => {
  await runGit(["init", "--quiet"], { cwd: dir });
  const stop = new AbortController();
  const alias = "alias.wait=!sleep 30";
  const waiting = runGit(["-c", alias, "wait"], { cwd: dir, signal: stop.signal });
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ reason: "cancelled" });
  const before = gitSpawns();
  const late = runGit(["status"], { cwd: dir, signal: stop.signal });
  await expect(late).rejects.toMatchObject({ reason: "cancelled" });
  expect(gitSpawns()).toBe(before);
});
