import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runGit } from "#services/git/run-git.ts";
import { commitFiles } from "#services/git/scratch-remote.ts";
import { clearRemoteLocks } from "./git-backend.ts";
import { type GitCall, type GitFault, serveGit } from "./git-http.ts";

const main = "refs/heads/main";
const chain = "refs/gastown/authority";

/** A served repository and a clone of it that has one commit to push. */
async function scene() {
  const folder = mkdtempSync(join(tmpdir(), "gt-git-http-"));
  const server = await serveGit(folder);
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const remote = server.dir("alpha");
  await runGit(["init", "--quiet", "--bare", "--initial-branch=main", remote], { cwd: folder });
  const work = join(folder, "work");
  await runGit(["init", "--quiet", "--initial-branch=main", work], { cwd: folder });
  await commitFiles(work, { "a.txt": "a\n" }, "begin");
  const push = () => {
    const refs = [`HEAD:${main}`, `HEAD:${chain}`];
    return runGit(["push", "--quiet", "--atomic", server.url("alpha"), ...refs], { cwd: work });
  };
  const refs = async () => {
    const format = "--format=%(refname)";
    const { stdout } = await runGit(["for-each-ref", format], { cwd: remote });
    return stdout.split("\n").filter(Boolean).toSorted();
  };
  return { folder, server, remote, work, push, refs };
}

test("it serves pushes and fetches, and says what each is about", async () => {
  const { folder, server, push, refs } = await scene();
  const calls: GitCall[] = [];
  server.on((call) => void calls.push(call));
  await push();
  expect(await refs()).toEqual([chain, main]);
  const pushed = calls.find(({ kind }) => kind === "push");
  expect(pushed).toMatchObject({ repo: "alpha", refs: [main, chain], from: "127.0.0.1" });
  await runGit(["clone", "--quiet", server.url("alpha"), "copy"], { cwd: folder });
  expect(existsSync(join(folder, "copy", "a.txt"))).toBe(true);
  expect(calls.some(({ kind }) => kind === "fetch")).toBe(true);
});

const when = (fault: GitFault) => (call: GitCall) => (call.kind === "push" ? fault : undefined);

test.for([
  ["away", []],
  ["refuse", []],
  ["lose-answer", [chain, main]],
] as const)("%s: the push fails, and the remote has %s", async ([fault, left]) => {
  const { server, push, refs } = await scene();
  server.on(when(fault));
  await expect(push()).rejects.toThrow();
  expect(await refs()).toEqual(left);
  server.on();
  await push();
  expect(await refs()).toEqual([chain, main]);
});

test.for([
  ["kill-prepared", [], `${main}.lock`],
  ["kill-half-done", [main], `${chain}.lock`],
] as const)("%s leaves locks, and nothing is pushed until they are gone", async (given) => {
  const [fault, left, lock] = given;
  const { server, push, refs, remote } = await scene();
  server.on(when(fault));
  await expect(push()).rejects.toThrow();
  expect(await refs()).toEqual(left);
  server.on();
  await expect(push()).rejects.toThrow(/lock/);
  expect(await clearRemoteLocks(remote)).toContain(lock);
  await push();
  expect(await refs()).toEqual([chain, main]);
});
