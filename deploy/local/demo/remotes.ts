import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runGit } from "#services/git/run-git.ts";

/** The sample projects and the work on them. */
export const sampleFolder = fileURLToPath(new URL("../sample", import.meta.url));

/** A file of Beads with the sample's work. */
export const sampleWork = join(sampleFolder, "work.jsonl");

const author = { name: "Gas Town sample", email: "sample@gastown.invalid" };

/** Make an empty bare remote, or leave the one that is there as it is. */
export async function bareRemote(path: string, signal: AbortSignal): Promise<string> {
  await mkdir(path, { recursive: true });
  const args = ["init", "--quiet", "--bare", "--initial-branch=main", path];
  await runGit(args, { cwd: path, signal });
  return path;
}

/** Make a bare remote that holds one of the sample projects, as its first commit. */
export async function sampleRemote(
  home: string,
  project: string,
  signal: AbortSignal,
): Promise<string> {
  const remote = await bareRemote(join(home, "remotes", `${project}.git`), signal);
  const tree = join(home, "seed", project);
  await rm(tree, { recursive: true, force: true });
  await mkdir(tree, { recursive: true });
  await cp(join(sampleFolder, project), tree, { recursive: true });
  const git = (...args: string[]) => runGit(args, { cwd: tree, signal, env: identity });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "-A");
  await git("commit", "--quiet", "-m", `Begin ${project}`);
  await git("push", "--quiet", remote, "main");
  await rm(tree, { recursive: true, force: true });
  return remote;
}

const identity = {
  GIT_AUTHOR_NAME: author.name,
  GIT_AUTHOR_EMAIL: author.email,
  GIT_COMMITTER_NAME: author.name,
  GIT_COMMITTER_EMAIL: author.email,
};
