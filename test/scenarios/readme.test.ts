import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const minutes = 60_000;

test("the README's tutorial works as it stands", { timeout: 3 * minutes }, async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const script = /<!-- tutorial:[^\n]*-->\n```sh\n(.*?)```/s.exec(readme)?.[1];
  if (script === undefined) throw new Error("the README has no tutorial");
  const home = join(await mkdtemp(join(tmpdir(), "gt-readme-")), "town");
  const env = { ...process.env, GT_HOME: home, GIT_AUTHOR_NAME: "n", GIT_AUTHOR_EMAIL: "n@x" };
  const committer = { GIT_COMMITTER_NAME: "n", GIT_COMMITTER_EMAIL: "n@x" };
  const run = promisify(execFile);
  try {
    const shell = ["-euc", script];
    const { stdout } = await run("bash", shell, { cwd: root, env: { ...env, ...committer } });
    expect(stdout).toContain("Hello, town");
  } finally {
    await run("npx", ["gt", "down", "--purge", "--force"], { cwd: root, env });
    rmSync(join(home, ".."), { recursive: true, force: true });
  }
});
