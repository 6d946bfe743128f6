import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { runGit } from "#services/git/run-git.ts";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { isFree } from "../../deploy/local/process/port.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const minutes = 60_000;

/** The block of the README that this comment stands before. */
function block(name: string): string {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const found = new RegExp(`<!-- ${name}:[^\\n]*-->\\n\`\`\`sh\\n(.*?)\`\`\``, "s").exec(
    readme,
  )?.[1];
  if (found === undefined) throw new Error(`the README has no block ${name}`);
  return found;
}

const someone = { GIT_AUTHOR_NAME: "n", GIT_AUTHOR_EMAIL: "n@x" };
const person = { ...someone, GIT_COMMITTER_NAME: "n", GIT_COMMITTER_EMAIL: "n@x" };
const run = promisify(execFile);

test("the README's tutorial works as it stands, with a second machine, and leaves what it says", {
  timeout: 4 * minutes,
}, async () => {
  const scratch = await mkdtemp(join(tmpdir(), "gt-readme-"));
  const state = { GT_HOME: join(scratch, "town"), XDG_STATE_HOME: join(scratch, "state") };
  const env = { ...process.env, ...person, ...state };
  const usual = "127.0.0.1:7420";
  // Where another town has the usual port, this one says which it took.
  const isUsual = await isFree("127.0.0.1", 7420);
  const address = "$(npx gt status --json | grep -o '127[.]0[.]0[.]1:[0-9]*' | head -n 1)";
  const second = block("second machine");
  expect(second).toContain(usual);
  const script = [
    block("tutorial"),
    isUsual ? second : second.replace(usual, address),
    'cd "$hello"',
    block("clean-up"),
    'git for-each-ref; git config --local --list; echo "in $hello"',
  ].join("\n");
  try {
    const { stdout } = await run("bash", ["-euc", script], { cwd: root, env });
    expect(stdout).toContain("Hello, town");
    expect(stdout).toMatch(/vm-b has joined the town town[\s\S]*^vm-b +ready/m);
    expect(stdout).toMatch(/refs\/heads\/main\n/);
    expect(stdout).not.toMatch(/refs\/heads\/polecat|refs\/gastown|denycurrentbranch/);
  } finally {
    await run("npx", ["gt", "down", "--purge", "--force"], { cwd: root, env });
    rmSync(scratch, { recursive: true, force: true });
  }
});

test("what is left on a remote goes by the README's line", async () => {
  await using scratch = await scratchRemote();
  const clone = join(scratch.dir, "human");
  const refs = ["refs/heads/polecat/a-1/1.1", "refs/gastown/authority"];
  const pushed = refs.map((ref) => `HEAD:${ref}`);
  await runGit(["push", "--quiet", "origin", ...pushed], { cwd: clone });
  for (const ref of refs) expect(await scratch.ref(ref)).toBeDefined();
  await run("bash", ["-euc", block("clean-up of a remote")], { cwd: clone });
  for (const ref of refs) expect(await scratch.ref(ref)).toBeUndefined();
  expect(await scratch.ref("refs/heads/main")).toBeDefined();
});
