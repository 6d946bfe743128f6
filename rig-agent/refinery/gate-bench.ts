import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import { checkoutDetached } from "#services/git/gate-tree.ts";
import { runGit } from "#services/git/run-git.ts";
import type { GateResult } from "#services/ledger/work-fields.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { setupGate } from "#services/merge-queue/next.ts";
import type { GateRun } from "./ports.ts";
import { runGate } from "./run-gate.ts";

/** That a worktree was set up, by which command and on which commit; kept beside its index. */
const SetupMark = z.object({
  setup: z.string(),
  commit: z.string(),
  /** What the set-up made that the project does not ignore. */
  made: z.array(z.string()).default([]),
});
type SetupMark = z.infer<typeof SetupMark>;

const setupTimeoutMs = 900_000;

/** Files that say what a set-up installs; a change in one of them has it run again. */
const setupInputs = new Set([
  ...["package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"],
  ...["bun.lock", "bun.lockb", ".npmrc", "Cargo.lock", "go.sum", "go.mod", "pyproject.toml"],
  ...["poetry.lock", "uv.lock", "Pipfile.lock", "requirements.txt", "Gemfile.lock"],
  ...["composer.lock", "mix.lock", "gradle.lockfile", "flake.lock"],
]);

/**
 * Run gates in a rig's gate worktree, each on exactly its commit. The worktree is reused; its
 * set-up is run when it is new, when the command is another one, and when a file that says what to
 * install has changed since.
 */
export function gateBench(
  clock: Clock,
): (run: GateRun, signal: AbortSignal) => Promise<GateResult> {
  return async (run, signal) => {
    const { repoDir, path, commit, setup, gate } = run;
    const mark = existsSync(path) ? await readMark(path) : undefined;
    const keep = mark?.made ?? [];
    await checkoutDetached({ repoDir, path, commit, keep, signal });
    if (setup !== "" && (await isSetupDue(path, mark, run))) {
      const timeoutMs = setupTimeoutMs;
      const wanted = { gate: setupGate, command: setup, cwd: path, commit, timeoutMs, signal };
      const result = await runGate(wanted, { clock });
      if (!result.passed) return result;
      await writeMark(path, { setup, commit, made: await untracked(path) });
    }
    const timeoutMs = gate.timeoutSeconds * 1000;
    const wanted = { gate: gate.name, command: gate.command, cwd: path, commit, timeoutMs, signal };
    return runGate(wanted, { clock });
  };
}

async function isSetupDue(path: string, mark: SetupMark | undefined, run: GateRun) {
  if (!mark || mark.setup !== run.setup) return true;
  const args = ["diff", "--name-only", "-z", mark.commit, run.commit];
  const { code, stdout } = await runGit(args, { cwd: path, okCodes: [0, 128] });
  if (code !== 0) return true; // The commit of the last set-up is gone: nothing is known of it.
  return stdout.split("\0").some((file) => setupInputs.has(basename(file)));
}

async function readMark(path: string): Promise<SetupMark | undefined> {
  const text = await readFile(await markPath(path), "utf8").catch(() => "null");
  try {
    return SetupMark.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // Cut off by a crash: as good as none.
  }
}

async function writeMark(path: string, mark: SetupMark): Promise<void> {
  await writeFile(await markPath(path), JSON.stringify(mark));
}

async function markPath(path: string): Promise<string> {
  const args = ["rev-parse", "--path-format=absolute", "--git-path", "gastown-setup.json"];
  return (await runGit(args, { cwd: path })).stdout.trim();
}

async function untracked(path: string): Promise<string[]> {
  const args = ["ls-files", "--others", "--exclude-standard", "--directory", "-z"];
  const { stdout } = await runGit(args, { cwd: path });
  return stdout.split("\0").filter((name) => name !== "");
}
