import { type Bench, isDirty } from "./bench.ts";
import { runCommand } from "./run-command.ts";
import { startOver } from "./start-over.ts";

const gateTimeoutMs = 10 * 60_000;
const outputCharsMax = 2_000;

/**
 * Run the rig's gates in the worktree and tell how each ended. A failure does not stop the worker:
 * the Refinery runs them on the rebased commit, and only that decides.
 */
export async function runGates(bench: Bench): Promise<string> {
  const { worktree, signal, assignment, say } = bench;
  const told: string[] = [];
  for (const gate of assignment.gates) {
    const startedMs = performance.now();
    const ended = await runCommand(["sh", "-c", gate], {
      cwd: worktree,
      env: process.env,
      signal,
      timeoutMs: gateTimeoutMs,
      echo: bench.echo,
    });
    const elapsed = `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
    const passed = ended.code === 0;
    const how = ended.timedOut ? "took too long" : `failed (exit code ${ended.code ?? "none"})`;
    const line = `${gate}: ${passed ? "passed" : how}, ${elapsed}`;
    say(line);
    told.push(passed ? line : `${line}\n${ended.tail.slice(-outputCharsMax)}`);
  }
  // What tests leave behind is not part of the work.
  if (await isDirty(bench)) await startOver(bench, "what the gates left behind");
  return told.length > 0 ? told.join("\n") : "this rig has no gates";
}
