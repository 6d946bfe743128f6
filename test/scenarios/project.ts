import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runGit } from "#services/git/run-git.ts";
import { bareRemote } from "../../deploy/local/demo/remotes.ts";

const author = { name: "A person", email: "person@example.invalid" };
const env = {
  GIT_AUTHOR_NAME: author.name,
  GIT_AUTHOR_EMAIL: author.email,
  GIT_COMMITTER_NAME: author.name,
  GIT_COMMITTER_EMAIL: author.email,
};

/** A small project: `check.sh` fails where a file says that it is broken. */
export const seed: Readonly<Record<string, string>> = {
  "words.txt": "one\ntwo\nthree\n",
  "check.sh": '#!/bin/sh\nif grep -rn "broken" words; then echo "a word is broken"; exit 1; fi\n',
  "words/first.txt": "first\n",
};

/** Make a bare remote whose `main` holds these files. */
export async function makeProject(
  home: string,
  name: string,
  files: Readonly<Record<string, string>> = seed,
): Promise<string> {
  const remote = await bareRemote(
    join(home, "remotes", `${name}.git`),
    AbortSignal.timeout(30_000),
  );
  const tree = join(home, "seed", name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  const git = (...args: string[]) => runGit(args, { cwd: tree, env });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "-A");
  await git("commit", "--quiet", "-m", `Begin ${name}`);
  await git("push", "--quiet", remote, "main");
  await rm(tree, { recursive: true, force: true });
  return remote;
}

/** A patch that adds one file of one line. */
export function addingFile(path: string, line: string): string {
  return [
    `diff --git a/${path} b/${path}`,
    "new file mode 100644",
    "--- /dev/null",
    `+++ b/${path}`,
    "@@ -0,0 +1 @@",
    `+${line}`,
    "",
  ].join("\n");
}

/** A file of a remote's `main`, or undefined where it has none. */
export async function onMain(remote: string, path: string): Promise<string | undefined> {
  const args = ["show", `main:${path}`];
  const { code, stdout } = await runGit(args, { cwd: remote, okCodes: [0, 128] });
  return code === 0 ? stdout : undefined;
}
