import { gitWords } from "#services/git/git-failure.ts";
import { authorVariables, type Bench, git, isDirty } from "./bench.ts";
import { Halt } from "./halt.ts";
import { runCommand } from "./run-command.ts";
import { startOver } from "./start-over.ts";

/** Make the change: apply the bead's patch, or run the command that it was slung with. */
export async function implement(bench: Bench): Promise<string> {
  const { runtime } = bench.assignment;
  if (runtime === "patch") return applyPatch(bench);
  if (runtime === "shell") return runShell(bench);
  throw new Halt(`this worker knows the runtimes patch and shell, not "${runtime}"`);
}

/** Apply the patch once, however often a worker was killed on the way. */
async function applyPatch(bench: Bench): Promise<string> {
  const { patch, bead } = bench.assignment;
  if (patch === undefined || patch.trim() === "") {
    throw new Halt(`${bead} carries no patch in metadata.gt.patch`);
  }
  const apply = (...options: readonly string[]) =>
    git(bench, ["apply", "--whitespace=nowarn", ...options, "-"], {
      input: patch.endsWith("\n") ? patch : `${patch}\n`,
      okCodes: [0, 1, 128],
    });
  if ((await apply("--reverse", "--check")).code === 0) return "the patch is applied already";
  if (await isDirty(bench)) {
    bench.say("what an interrupted worker had left is set aside");
    await startOver(bench, "a patch that was half applied");
  }
  const plain = await apply();
  if (plain.code === 0) return "applied the patch";
  if ((await apply("--3way")).code === 0) return "applied the patch, merged with newer changes";
  await git(bench, ["reset", "--quiet", "--hard", "HEAD"]);
  await git(bench, ["clean", "--quiet", "-f", "-d"]);
  throw new Halt(`the patch does not apply: ${gitWords(plain.stderr)}`);
}

/** Run the command from a clean start, since an interrupted one may have done half of its work. */
async function runShell(bench: Bench): Promise<string> {
  const { worktree, signal, assignment } = bench;
  const { command, bead } = assignment;
  if (command.trim() === "") throw new Halt(`${bead} was slung without a command`);
  if (await isDirty(bench)) {
    bench.say("what an interrupted worker had left is set aside");
    await startOver(bench, "a command that was not finished");
  }
  const ended = await runCommand(["sh", "-c", command], {
    cwd: worktree,
    env: { ...process.env, ...authorVariables(bench) },
    signal,
    echo: bench.echo,
  });
  if (ended.code === 0) return `ran ${command}`.slice(0, 500);
  const how = ended.code === undefined ? "was ended by a signal" : `exit code ${ended.code}`;
  throw new Halt(`the command ended badly (${how}):\n${ended.tail}`);
}
