import { spawn } from "node:child_process";
import { daemonEnvironment } from "../process/plan.ts";
import { send } from "../process/stop.ts";

const outputCharsMax = 4_000;

/**
 * Run one gate in a tree, by a shell, as the Refinery does.
 *
 * @returns nothing when it passed, else why not with the end of what it printed
 */
export function runGate(
  command: string,
  run: { readonly cwd: string; readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<string | undefined> {
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: run.cwd,
    env: gateEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    let output = "";
    const hear = (text: string) => {
      output = (output + text).slice(-outputCharsMax);
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    const stop = () => child.pid !== undefined && send(-child.pid, "SIGKILL");
    const timer = setTimeout(stop, run.timeoutMs);
    run.signal.addEventListener("abort", stop, { once: true });
    const release = () => {
      clearTimeout(timer);
      run.signal.removeEventListener("abort", stop);
    };
    child.once("error", (error) => {
      release();
      reject(error);
    });
    child.once("close", (code, signal) => {
      release();
      const how = signal === null ? `exit code ${code}` : `ended by ${signal}`;
      resolve(code === 0 ? undefined : `${how}\n${output.trimEnd()}`);
    });
  });
}

/** Node's test runner behaves otherwise where it believes to be inside of another one. */
function gateEnvironment(): Record<string, string> {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = daemonEnvironment(process.env, {});
  return env;
}
